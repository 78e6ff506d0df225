# Direct messages to the owner of the application.

owner-gateway-down =
    { $kind ->
        [quota] The account at the gateway { $gateway } has no money left, so nothing is sent there for ten minutes at a time: please top it up, then check with `python -m bot gateways`.
       *[other] The gateway { $gateway } rejects its key, so nothing is sent there for ten minutes at a time: please renew the key, then check with `python -m bot doctor`.
    }

owner-model-retires = The gateway { $gateway } will retire the model { $model } on { $day }: please offer another one before then.

owner-budget-reached =
    { $percent ->
        [100] Your budget of { $limit } { period-each } is used up, so requests that cost money are refused until part of it becomes available again: to allow more now, please raise OPERATOR_BUDGET and restart the bot.
       *[other] { $percent } % of your budget of { $limit } { period-each } is spent, and at 100 % requests that cost money are refused: to allow more, please raise OPERATOR_BUDGET and restart the bot.
    }

owner-backup-failed =
    { $fault ->
        [full] The scheduled backup of the database was not made because the disk has no room for another copy: please free some space, or set BACKUP_KEEP lower and delete old files of DATA_DIR/backup. It is tried again every hour, and the bot goes on meanwhile.
        [damaged] The scheduled backup of the database was not made because the database is damaged: please stop the bot, and restore the newest file of DATA_DIR/backup with `python -m bot db restore FILE`.
       *[other] The scheduled backup of the database was not made: `backup.failed` in the log says why. Please check DATA_DIR/backup with `python -m bot doctor`; it is tried again every hour.
    }

## /operator

operator-blocked = { $subject } may not paint in any server until you use `/operator unblock`.
operator-unblocked = { $subject } may paint again, except where admins of servers decided otherwise.
operator-nobody = Nobody is blocked.

error-operators-only = Only the operator of this bot may do this, so please ask them.

error-not-a-person = This is not the id of a person, so please copy it from their profile in Discord, or from a report.
