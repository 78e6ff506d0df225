# /usage and /quota. A subject comes as a mention, or as one of the quota-subject texts; whatever
# people typed comes short and disarmed.

## /usage: one row for each limit

usage-title = 🎟️ Credits of { $name }
usage-none = No limit applies to you here.

# Which personal limit decides, and why.
usage-why =
    { $level ->
        [user] An admin set a limit for you alone, so only that one counts for you.
        [role] Your roles have limits here: a request passes when one role has room, and the roomiest is shown.
        [everyone] You and your roles have no limits of your own, so everyone's counts for you.
       *[other] No admin set a limit for you, so the default of this bot counts for you.
    }

usage-blocked =
    { $reason ->
        [none] ⛔ An admin switched pictures off for you here; please ask one if you should have them.
       *[other] ⛔ An admin switched pictures off for you here: “{ $reason }”
    }

usage-level =
    { $level ->
        [user] Your own limit
        [role] Your role's limit
        [everyone] Everyone's limit here
        [default] The default
        [server] This server together
        [server-quota] The operator's ceiling for this server
       *[total] The operator's ceiling for all servers
    }, { period-each }

usage-row =
    { $limit ->
        [0] No credits: pictures are switched off.
       *[other] **{ $left } of { $limit }** left{ $used ->
            [0] {""}
           *[other] {" · "}{ $used } used
        }{ $held ->
            [0] {""}
           *[other] {" · "}{ $held } for pictures on the way
        }{ $frees_at ->
            [none] {""}
           *[other] {" · "}more { $frees_at }
        }
    }

usage-granted-title = Extra credits
usage-granted =
    { $credits ->
        [one] **{ $credits }** left, used when your own limit is spent; it does not expire
       *[other] **{ $credits }** left, used when your own limit is spent; they do not expire
    }

usage-jobs-title = 🗂️ Your last requests
usage-job = { $state ->
        [done] 🖼️ painted
        [failed] ⚠️ failed
        [cancelled] ⏹️ stopped
        [unknown] ❔ in doubt
        [queued] ⏳ in line
       *[other] 🎨 painting
    } { $created_at } · { $model } · { $prompt }{ $link ->
        [none] {""}
       *[other] {" · "}[open]({ $link })
    }

## /quota: what was changed

quota-subject-everyone = Everyone
quota-subject-server = This server together

quota-set =
    { $credits ->
        [none] { $subject } may now spend without limit { period-each }.
        [0] { $subject } may not paint any more.
        [one] { $subject } may now spend { $credits } credit { period-each }.
       *[other] { $subject } may now spend { $credits } credits { period-each }.
    }
quota-unlimited = { $subject } may now spend without a limit of their own. What the server and the operator allow together still counts.
quota-removed =
    { $period ->
        [none] { $subject }: all limits are gone.
       *[other] { $subject }: the limit { period-each } is gone.
    }
quota-granted =
    { $balance ->
        [one] { $subject } has { $balance } extra credit now, used when their own limit is spent.
       *[other] { $subject } has { $balance } extra credits now, used when their own limit is spent.
    }
quota-reset = { $subject } starts afresh: nothing used before counts for their own limit. The server's sums stay.
quota-blocked = { $subject } may not paint here until you use `/quota unblock`.
quota-unblocked = { $subject } may paint here again.
quota-cost-set =
    { $credits ->
        [0] { quota-picture } is free here from now on.
        [one] { quota-picture } costs { $credits } credit here from now on.
       *[other] { quota-picture } costs { $credits } credits here from now on.
    }
quota-cost-removed = { quota-picture } costs the usual credits here again.
quota-picture =
    { $quality ->
        [none] A picture by { $model }
       *[other] A picture by { $model } in quality { $quality }
    }

## /quota show

quota-show-title = 🎟️ Limits in this server
quota-show-line = { $subject } · { $limits }
quota-show-default = { $subject } · { $limits }, the operator's default
quota-show-ceiling = The operator allows this server { $limits }.
quota-show-none = Nobody has a limit of their own: `/quota set` gives one.
quota-no-limit = no limit
quota-cap =
    { $credits ->
        [none] no limit { period-each }
        [0] no pictures
        [one] { $credits } credit { period-each }
       *[other] { $credits } credits { period-each }
    }
quota-show-granted = { $credits } extra
quota-show-blocked =
    { $reason ->
        [none] ⛔ blocked
       *[other] ⛔ blocked: “{ $reason }”
    }

## The buttons and the footer of what has pages

quota-page-back = ◀
quota-page-on = ▶
quota-page =
    { $pages ->
        [none] Page { $page }
       *[other] Page { $page } of { $pages }
    }

## /quota cost without options

quota-costs-title = 🏷️ Credits for a picture
quota-costs-model = Model
quota-costs-credits = Credits
quota-costs-own = * set by this server
quota-costs-more =
    { $count ->
        [one] and { $count } more line
       *[other] and { $count } more lines
    }

## /quota usage

quota-usage-title =
    { $days ->
        [one] 📊 Credits used today
       *[other] 📊 Credits used in { $days } days
    }
quota-usage-facts = { $subject } · **{ $total }** in all · most on { $day } ({ $most })
quota-usage-nothing = { $subject } · nothing was used in this time.
quota-usage-alt = Bars for each day: { $total } credits in all, most on { $day } with { $most }.

## /quota export

quota-export-done =
    { $count ->
        [0] There are no charges in this time, so the list is empty.
        [one] { $count } charge, as a table for any spreadsheet.
       *[other] { $count } charges, as a table for any spreadsheet.
    }

## /quota audit: what was changed, and by whom

audit-title = 📜 Changes to the quotas
audit-none = Nothing was changed yet.
audit-easel = Easel
audit-by = { $at } · { $actor }{ $reason ->
        [none] {""}
       *[other] {" · “"}{ $reason }”
    }
audit-limit-set =
    { $old ->
        [none] { $subject } · { $new }
       *[other] { $subject } · { $old } → { $new }
    }
audit-limit-removed = { $subject } · { $old } removed
audit-role-gone = A deleted role · { $old } removed
audit-granted =
    { $old ->
        [none] { $subject } · { $new } extra credits
       *[other] { $subject } · extra credits { $old } → { $new }
    }
audit-reset = { $subject } · usage reset
audit-blocked = { $subject } · blocked
audit-unblocked = { $subject } · no longer blocked
audit-cost-set =
    { $old ->
        [none] { $subject } · { $new } credits for a picture
       *[other] { $subject } · { $old } → { $new } credits for a picture
    }
audit-cost-removed = { $subject } · { $old } credits for a picture removed
audit-other = { $subject } · { $action }

## Wrong values

error-days-out-of-range = { $days } days are not possible, so please choose a number from 1 to { $limit }.

error-reason-out-of-range = A reason has 1 to { $limit } characters and yours has { $length }, so please change it.

error-bot-chosen = Bots do not paint, so please choose a person.

error-model-not-chosen = There is no model in your command, so please choose the one whose credits you want to change.

error-export-too-large = The list of { $days } days is too large to be posted here, so please choose fewer days.
