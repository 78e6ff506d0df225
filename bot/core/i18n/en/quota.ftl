# /usage and /quota. $subject is a mention or one of the quota-subject texts; what people typed is
# shortened and escaped.

## /usage: one row for each limit

usage-title = 🎟️ Credits of { $name }
usage-none = No limit applies to you here.

# Which personal limit applies, and why.
usage-why =
    { $level ->
        [user] An admin set a limit for you personally, so only that one applies to you.
        [role] Your roles have limits here: a request passes if one of them has enough credits left, and the one with the most left is shown.
        [everyone] Neither you nor your roles have limits of your own, so the limit for everyone applies to you.
       *[other] No admin set a limit for you, so the default limit of this bot applies to you.
    }

usage-blocked =
    { $reason ->
        [none] ⛔ An admin blocked you from painting here; please ask one if this is a mistake.
       *[other] ⛔ An admin blocked you from painting here: “{ $reason }”
    }
usage-blocked-everywhere =
    { $reason ->
        [none] ⛔ The operator of this bot blocked you from painting; please ask them if this is a mistake.
       *[other] ⛔ The operator of this bot blocked you from painting: “{ $reason }”
    }

usage-level =
    { $level ->
        [user] Your own limit
        [role] Your role's limit
        [everyone] The limit for everyone here
        [default] The default limit
        [server] The shared limit of this server
        [server-quota] The operator's limit for this server
       *[total] The operator's limit for all servers
    }, { period-each }

usage-row =
    { $limit ->
        [0] No credits: pictures are switched off.
       *[other] **{ $left } of { $limit }** left{ $used ->
            [0] {""}
           *[other] {" · "}{ $used } used
        }{ $held ->
            [0] {""}
           *[other] {" · "}{ $held } reserved for pictures in progress
        }{ $frees_at ->
            [none] {""}
           *[other] {" · "}next credit { $frees_at }
        }
    }

usage-granted-title = Extra credits
usage-granted =
    { $credits ->
        [one] **{ $credits }** left, used when your own limit is used up; it does not expire
       *[other] **{ $credits }** left, used when your own limit is used up; they do not expire
    }

usage-doubtful-title = Requests without a picture
usage-doubtful =
    In the last 24 hours **{ $count } of { $limit }** that the operator may have paid for; they cost you nothing{ $frees_at ->
        [none] {""}
       *[other] {" · "}you can ask again { $frees_at }
    }

usage-jobs-title = 🗂️ Your last requests
usage-job = { $state ->
        [done] 🖼️ done
        [removed] 🚫 removed by a moderator
        [failed] ⚠️ failed
        [cancelled] ⏹️ stopped
        [unknown] ❔ outcome unknown
        [queued] ⏳ queued
       *[other] 🎨 painting
    } { $created_at } · { $model } · { $prompt }{ $link ->
        [none] {""}
       *[other] {" · "}[open]({ $link })
    }

## /quota: what was changed

quota-subject-everyone = Everyone
quota-subject-server = The whole server

quota-set =
    { $credits ->
        [none] { $subject } may now spend unlimited credits { period-each }.
        [0] { $subject } may not paint any more.
        [one] { $subject } may now spend { $credits } credit { period-each }.
       *[other] { $subject } may now spend { $credits } credits { period-each }.
    }
quota-unlimited = { $subject } may now spend without a limit of their own. The shared limit of this server and the operator's limits still apply.
quota-removed =
    { $period ->
        [none] { $subject }: all limits were removed.
       *[other] { $subject }: the limit { period-each } was removed.
    }
quota-granted =
    { $balance ->
        [one] { $subject } now has { $balance } extra credit, used when their own limit is used up.
       *[other] { $subject } now has { $balance } extra credits, used when their own limit is used up.
    }
quota-reset = { $subject }: nothing used so far counts towards their own limit any more. The totals of the server stay.
quota-blocked = { $subject } may not paint here until you use `/quota unblock`.
quota-unblocked = { $subject } may paint here again.
quota-cost-set =
    { $credits ->
        [0] { quota-picture } is free here from now on.
        [one] { quota-picture } costs { $credits } credit here from now on.
       *[other] { quota-picture } costs { $credits } credits here from now on.
    }
quota-cost-removed = { quota-picture } costs the default number of credits here again.
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
quota-show-none = No role and no person has a limit of its own: `/quota set` sets one.
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

## The buttons and the footer of pages

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
quota-usage-facts = { $subject } · **{ $total }** in total · most on { $day } ({ $most })
quota-usage-nothing = { $subject } · no credits were used in this period.
quota-usage-without-grants = Extra credits are not counted here; `/quota usage` without a person counts them, too.
quota-usage-alt = Bar chart by day: { $total } credits in total, most on { $day } with { $most }.

## /quota export

quota-export-done =
    { $count ->
        [0] There are no charges in this period, so the table is empty.
        [one] { $count } charge, as a table for any spreadsheet.
       *[other] { $count } charges, as a table for any spreadsheet.
    }

## /quota audit: what was changed, and by whom

audit-title = 📜 Changes to limits and credits
audit-none = Nothing has been changed yet.
audit-easel = Easel
audit-by = { $at } · { $actor }{ $reason ->
        [none] {""}
       *[other] {" · “"}{ $reason }”
    }
audit-action-limit-set =
    { $old ->
        [none] { $subject } · { $new }
       *[other] { $subject } · { $old } → { $new }
    }
audit-action-limit-removed = { $subject } · { $old } removed
audit-action-role-gone = A deleted role · { $old } removed
audit-action-granted =
    { $old ->
        [none] { $subject } · { $new } extra credits
       *[other] { $subject } · extra credits { $old } → { $new }
    }
audit-action-reset = { $subject } · usage reset
audit-action-blocked = { $subject } · blocked
audit-action-result-removed = { $subject } · a reported result removed
audit-action-report-dismissed = { $subject } · a report dismissed
audit-action-unblocked = { $subject } · no longer blocked
audit-action-cost-set =
    { $old ->
        [none] { $subject } · { $new } credits for a picture
       *[other] { $subject } · { $old } → { $new } credits for a picture
    }
audit-action-cost-removed = { $subject } · { $old } credits for a picture removed
audit-other = { $subject } · { $action }

## Wrong values

error-days-out-of-range = { $days } days are not possible, so please choose a number from 1 to { $limit }.

error-reason-out-of-range = A reason must have 1 to { $limit } characters and yours has { $length }, so please change it.

error-bot-chosen = Bots have no limits, so please choose a person.

error-model-not-chosen = No model was chosen, so please choose the one whose cost you want to change.

error-export-too-large = The table of { $days } days is too large to be posted here, so please choose fewer days.
