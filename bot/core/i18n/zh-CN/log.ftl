# A server's log channel, and reports of results.

custom-log = 日志频道
custom-log-is =
    { $channel ->
        [none] 关闭
       *[other] { $channel } · { $prompts ->
            [yes] 包含提示词
           *[no] 不含提示词
        }
    }

log-saved =
    { $channel ->
        [none] 已保存，但还没有日志频道：请用 `/settings log` 选择一个。
       *[other] 已保存。{ $channel } 从现在起记录谁请求了图片（{ $prompts ->
            [yes] 包含提示词
           *[no] 不含提示词
        }），以及删除、拒绝和举报。用 `/settings reset what: log` 关闭。
    }
log-public = ⚠️ 本服务器的所有人都能看到那个频道。

## Entries of the log channel

log-job =
    { $state ->
        [done] 🖼️ 请求的 { $count } 张图片已画好
        [declined] 🚫 提示词被拒绝
        [failed] ⚠️ 请求失败
        [cancelled] ⏹️ 请求已停止
       *[other] ❔ 请求结果不明
    }
log-private = 🔒 私密
log-deleted = 🗑️ 结果已删除
log-deleted-by = 由 { $person } 删除
log-report =
    { $state ->
        [removed] ✅ 被举报，已移除
        [dismissed] ☑️ 被举报，已驳回
       *[open] { $count ->
            [1] 🚩 有结果被举报
           *[other] 🚩 结果被举报 { $count } 次
        }
    }
log-person-id = 请求者的 ID：{ $id }
log-decided-by = 由 { $person } 处理

## Reports

report-title = 举报这个结果
report-reason = 它有什么问题？
report-who-reads = 可以留空。管理员和机器人的运营者会看到，请求者看不到。
report-thanks = 谢谢！已通知负责人员，请求者不会知道是谁举报的。
report-not-told = 没能把你的举报通知任何人，请直接联系本服务器的管理员。
report-remove = 移除
report-dismiss = 驳回

error-not-reportable = 这里只能举报带有本机器人图片的消息，请选择这样的消息。

error-too-many-reports = 你在一小时内已举报 { $limit } 个结果，请在 { $frees_at }继续，或联系管理员。

error-report-decided = 已有人处理了这个举报，什么都没有改变：请在那里查看处理结果。

error-not-your-report = 只有能管理该服务器消息的人才能处理这个举报，请联系他们。

error-log-channel-unfit = 日志需要本服务器中机器人能看到的文字频道或子区，请另选一个。

error-log-channel-closed = 机器人在 <#{ $channel }> 缺少以下权限：{ $permissions }，请在那里授予，或另选频道。
