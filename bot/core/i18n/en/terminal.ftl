# The output of `python -m bot jobs`, and of `python -m bot imagine` besides the paths.

jobs-none = There are no jobs yet.
jobs-cancelled = Job { $id } is cancelled; its message in Discord says so when its turn comes, or when the bot starts again.
jobs-not-cancelled = Job { $id } has ended or is being painted by a running bot, so it cannot be cancelled.

terminal-painting =
    { $n ->
        [one] Painting { $n } picture with { $model } ({ $size }) …
       *[other] Painting { $n } pictures with { $model } ({ $size }) …
    }
terminal-done =
    { $count ->
        [one] { $count } picture in { $seconds } s.
       *[other] { $count } pictures in { $seconds } s.
    }

# What the operator reads instead of a sentence that sends people to the operator.

terminal-gateway-auth = The gateway refused the key, so please copy it again from your account there.
terminal-gateway-quota = Your account at the gateway has no money left, so please top it up.
terminal-gateway-disk-full = The disk has no space left for pictures, so please free some, or move DATA_DIR to a larger one.
terminal-neither-posted-nor-kept = The pictures came but could not be written, so please free some disk space and look at the log, then ask again.
terminal-no-room = MAX_DISK is used up and every kept picture is still needed, so please raise it, or try again in an hour.
terminal-database-lost = The file of the database is gone, so please stop the bot and restore it with `python -m bot db restore`.
terminal-cancelled-by-operator = This request was cancelled with `python -m bot jobs` before painting began.
terminal-quota-spent =
    { $frees_at ->
        [none] TOTAL_QUOTA allows { limit-credits } and this costs { $credits }, so please ask for fewer pictures, or raise it.
       *[other] TOTAL_QUOTA allows { limit-credits }, { $left } are left and this costs { $credits }, so please try again { $frees_at }, or raise it.
    }
terminal-budget-spent =
    { $frees_at ->
        [none] This costs more than OPERATOR_BUDGET allows, so please ask for fewer pictures, choose a cheaper model, or raise it.
       *[other] OPERATOR_BUDGET is used up, so please try again { $frees_at }, or raise it.
    }
terminal-forbidden-text = MODERATION_FILE forbids something in this request, so please change the prompt, or the file.
terminal-unexpected =
    { $reference ->
        [none] Something went wrong inside Easel, so please look at the log above.
       *[other] Something went wrong inside Easel, so please look at the log above for the code { $reference }.
    }

terminal-gateway-facts = Gateway { $gateway }: { $kind }{ $status ->
        [none] {""}
       *[other] , HTTP { $status }
    }{ $words ->
        [none] {""}
       *[other] , in its words: { $words }
    }
terminal-doctor = Run `python -m bot doctor`: it checks the whole setup and says what to fix.
