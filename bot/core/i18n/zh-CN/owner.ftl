# Direct messages to the owner of the application.

owner-gateway-down =
    { $kind ->
        [quota] 网关 { $gateway } 的账户余额已用完，每次会暂停使用十分钟：请充值，然后用 `python -m bot gateways` 检查。
       *[other] 网关 { $gateway } 拒绝了密钥，每次会暂停使用十分钟：请更换密钥，然后用 `python -m bot doctor` 检查。
    }

owner-model-retires = 网关 { $gateway } 将于 { $day } 下线模型 { $model }：请在此之前换用其他模型。

owner-budget-reached =
    { $percent ->
        [100] 你{ period-each } { $limit } 的预算已用完，需要花钱的请求会被拒绝，直到部分预算恢复：如需现在放宽，请调高 OPERATOR_BUDGET 并重启机器人。
       *[other] 你{ period-each } { $limit } 的预算已用掉 { $percent }%，达到 100% 后需要花钱的请求会被拒绝：如需放宽，请调高 OPERATOR_BUDGET 并重启机器人。
    }

owner-backup-failed =
    { $fault ->
        [full] 磁盘空间不足，未能生成数据库的定时备份：请腾出一些空间，或调低 BACKUP_KEEP 并删除 DATA_DIR/backup 中的旧文件。每小时会重试一次，在此期间机器人继续运行。
        [damaged] 数据库已损坏，未能生成定时备份：请停止机器人，然后用 `python -m bot db restore FILE` 恢复 DATA_DIR/backup 中最新的文件。
       *[other] 未能生成数据库的定时备份：日志中的 `backup.failed` 说明了原因。请用 `python -m bot doctor` 检查 DATA_DIR/backup；每小时会重试一次。
    }

## /operator

operator-blocked = 在你使用 `/operator unblock` 之前，{ $subject } 不能在任何服务器画图。
operator-unblocked = { $subject } 又可以画图了，服务器管理员另有决定的除外。
operator-nobody = 没有人被禁止。

error-operators-only = 只有机器人的运营者可以这样做，请联系他们。

error-not-a-person = 这不是用户的 ID，请从对方的 Discord 个人资料或举报中复制。
