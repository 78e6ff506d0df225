# The output of `python -m bot jobs`, and of `python -m bot imagine` besides the paths.

jobs-none = 还没有任何任务。
jobs-cancelled = 任务 { $id } 已取消；轮到它时，或机器人下次启动时，Discord 里的卡片会显示出来。
jobs-not-cancelled = 任务 { $id } 已结束，或正由运行中的机器人绘制，无法取消。

terminal-painting = 正在用 { $model }（{ $size }）绘制 { $n } 张图片…
terminal-done = 已生成 { $count } 张图片，用时 { $seconds } 秒。

# What the operator reads instead of a sentence that sends people to the operator.

terminal-gateway-auth = 网关拒绝了密钥，请从你在网关的账户里重新复制。
terminal-gateway-quota = 你在网关的账户余额已用完，请充值。
terminal-gateway-disk-full = 磁盘没有空间存放图片了，请腾出空间，或把 DATA_DIR 移到更大的磁盘。
terminal-neither-posted-nor-kept = 图片已经生成，但无法写入磁盘，请清理磁盘空间并查看日志，然后重新请求。
terminal-no-room = MAX_DISK 已用完，而保存的图片都还需要，请调高它，或一小时后再试。
terminal-database-lost = 数据库文件不见了，请停止机器人，并用 `python -m bot db restore` 恢复。
terminal-cancelled-by-operator = 这个请求在开始绘制之前被 `python -m bot jobs` 取消了。
terminal-quota-spent =
    { $frees_at ->
        [none] TOTAL_QUOTA 是{ limit-credits }，而这次需要 { $credits } 点，请减少张数，或调高它。
       *[other] TOTAL_QUOTA 是{ limit-credits }，只剩 { $left } 点，而这次需要 { $credits } 点，请在 { $frees_at }再试，或调高它。
    }
terminal-budget-spent =
    { $frees_at ->
        [none] 这次的费用超出 OPERATOR_BUDGET，请减少张数，换一个更便宜的模型，或调高它。
       *[other] OPERATOR_BUDGET 已用完，请在 { $frees_at }再试，或调高它。
    }
terminal-forbidden-text = 请求里有 MODERATION_FILE 禁止的内容，请修改提示词或这个文件。
terminal-unexpected =
    { $reference ->
        [none] Easel 内部出了问题，请查看上面的日志。
       *[other] Easel 内部出了问题，请在上面的日志里查找代码 { $reference }。
    }

terminal-gateway-facts = 网关 { $gateway }：{ $kind }{ $status ->
        [none] {""}
       *[other] ，HTTP { $status }
    }{ $words ->
        [none] {""}
       *[other] ，网关的原话：{ $words }
    }
terminal-doctor = 请运行 `python -m bot doctor`：它会检查全部设置，并说明如何修复。
