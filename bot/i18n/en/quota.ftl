# /usage and /quota. A subject comes as a mention, or as one of the quota-subject texts.

## /usage: one row for each limit

usage-title = Credits of { $name }
usage-none = No limit applies to you here.

# Which personal limit decides, and why.
usage-why =
    { $level ->
        [user] An admin set a limit for you alone, so only that one counts for you.
        [role] Your roles have limits here: a request passes when one role has room, and the roomiest is shown.
        [everyone] You and your roles have no limits of your own, so everyone's counts for you.
       *[other] No admin set a limit for you, so the default of this bot counts for you.
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
       *[other] **{ $left } of { $limit }** left{ $held ->
            [0] {""}
           *[other] {" · "}{ $held } for pictures on the way
        }{ $frees_at ->
            [none] {""}
           *[other] {" · "}more { $frees_at }
        }
    }

## /quota

quota-subject-everyone = Everyone
quota-subject-server = This server together

quota-set =
    { $credits ->
        [none] { $subject } may now spend without limit { period-each }.
        [0] { $subject } may not paint any more.
        [one] { $subject } may now spend { $credits } credit { period-each }.
       *[other] { $subject } may now spend { $credits } credits { period-each }.
    }
quota-removed =
    { $period ->
        [none] { $subject }: all limits are gone.
       *[other] { $subject }: the limit { period-each } is gone.
    }

quota-show-title = Limits in this server
quota-show-line =
    { $credits ->
        [none] { $subject }: no limit { period-each }
        [0] { $subject }: no pictures
        [one] { $subject }: { $credits } credit { period-each }
       *[other] { $subject }: { $credits } credits { period-each }
    }
quota-show-none = This server has set no limits: the operator's default applies to each person.
quota-show-more = and { $count } more
