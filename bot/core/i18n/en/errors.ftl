# One sentence for every error: what happened, and what to do next. Kind, without jargon or blame;
# never a key, a host or a gateway's own words. bot/errors.py says what each fact is.

## Words that several sentences share

period-each =
    { $period ->
        [hour] per hour
        [day] per day
        [week] per week
       *[month] per month
    }

limit-credits = { $limit } { $limit ->
        [one] credit
       *[other] credits
    } { period-each }

limit-of =
    { $level ->
        [user] your own limit
        [role] your role's limit
        [everyone] everyone's limit here
        [default] the default limit
        [server] the limit of this server together
        [server-quota] the operator's ceiling for this server
        [budget] the operator's budget
       *[total] the operator's ceiling for all servers
    }

limit-keeper =
    { $level ->
        [default] the operator of this bot
        [server-quota] the operator of this bot
        [total] the operator of this bot
        [budget] the operator of this bot
       *[other] an admin of this server
    }

# What it cost. $money is back: nothing; part: other pictures came; charged: too many doubts today.
money-back =
    { $money ->
        [part] the missing pictures were not charged
        [charged] it was charged all the same, as several requests ended like this today
       *[back] your credits were given back
    }

money-doubt =
    { $money ->
        [part] the missing pictures were not charged
        [charged] it was charged all the same, as several requests ended like this today
       *[back] you were not charged
    }

## The options of /imagine

error-prompt-empty = The prompt is empty, so please say what to paint.

error-prompt-too-long = Your prompt has { $length } characters and { $model } takes at most { $limit }, so please shorten it.

error-unknown-model = There is no model called { $model } here, so please choose one of these: { $allowed }.

error-wrong-size = { $model } cannot paint { $size }, so please choose from: { sizes-taken }.

# Edges come as words, so that no comma stands in what people type.
sizes-taken = { $allowed }{ $longest_name ->
        [none] {""}
       *[other] , WIDTHxHEIGHT or the model's own name for a size, up to { $longest_name } characters
    }{ $max_edge ->
        [none] {""}
       *[other] , WIDTHxHEIGHT (each side { $min_edge } to { $max_edge }{ $step ->
                [none] {""}
               *[other] , in steps of { $step }
            }{ $max_pixels ->
                [none] {""}
               *[other] , { $min_pixels } to { $max_pixels } pixels together
            }{ $max_ratio ->
                [none] {""}
               *[other] , at most { $max_ratio }:1
            })
    }

error-wrong-count =
    { $limit ->
        [one] This model paints 1 picture at a time, so please ask for 1 instead of { $n }.
       *[other] You can ask for 1 to { $limit } pictures at a time, so please change { $n } to one of these.
    }

error-wrong-choice = { $model } does not know the { $option } { $value }, so please choose one of these: { $allowed }.

error-option-not-taken = { $model } has no option { $option }, so please leave it out or choose another model.

error-no-references =
    { $allowed ->
        [none] { $model } paints from words alone, so please leave the reference pictures out.
       *[other] { $model } paints from words alone, so please leave the reference pictures out or choose one of these: { $allowed }.
    }

error-too-many-references =
    { $limit ->
        [one] { $model } takes 1 reference picture, so please leave the others out.
       *[other] { $model } takes at most { $limit } reference pictures, so please leave some out.
    }

error-mask-not-taken =
    { $allowed ->
        [none] { $model } takes no mask, so please leave it out.
       *[other] { $model } takes no mask, so please leave it out or choose one of these: { $allowed }.
    }

error-mask-without-reference = A mask says which part of a reference picture may change, so please attach that picture as the first reference.

## References

error-mask-unfit = The mask has to be a PNG of at most 4 MB with the first reference's { $width } by { $height } pixels, so please attach one; { money-back }.

error-reference-too-large = Reference { $number } has more than { $limit } MB, so please attach a smaller file.

error-reference-too-many-pixels = Reference { $number } has more than { $limit } megapixels, so please attach a smaller picture; { money-back }.

error-reference-unreadable = Reference { $number } is not a PNG, JPEG, WebP or GIF that can be read, so please attach another file; { money-back }.

error-reference-lost = Reference { $number } could not be fetched any more, so please attach it again; { money-back }.

## Credits and limits

error-quota-spent =
    { $limit ->
        [0] Pictures are switched off here, because { limit-of } is 0 credits { period-each }: please ask { limit-keeper }.
       *[other] { $frees_at ->
            [none] This costs { $credits } { $credits ->
                    [one] credit
                   *[other] credits
                } and { limit-of } is { limit-credits }, so please ask for fewer pictures or a cheaper model.
           *[other] { $left ->
                [0] { $limit } of { limit-credits } { $limit ->
                        [one] is
                       *[other] are
                    } used up ({ limit-of }), so please try again { $frees_at }.
               *[other] Only { $left } of { limit-credits } { $left ->
                        [one] is
                       *[other] are
                    } left ({ limit-of }) and this costs { $credits }, so please ask for fewer pictures or try again { $frees_at }.
            }
        }
    }

error-limit-out-of-range = A limit of { $credits } credits is not possible, so please choose a number from 0 to { $limit }.

error-limit-above-ceiling = The operator of this bot allows this server { limit-credits }, so please choose a limit below { $credits }.

error-one-subject-only = A limit is for one person, one role or the whole server, so please choose only one of them.

error-no-such-limit = There is no such limit, so nothing was removed: see the limits with `/quota show`.

error-budget-spent =
    { $frees_at ->
        [none] This costs more than the operator's budget allows, so please ask for fewer pictures or a cheaper model.
       *[other] The operator's budget for pictures is used up, so please try again { $frees_at }.
    }

error-blocked =
    { $reason ->
        [none] You may not ask for pictures in this server, so please ask an admin of this server if that is a mistake.
       *[other] You may not ask for pictures in this server ({ $reason }), so please ask an admin of this server if that is a mistake.
    }

error-not-blocked = This person is not blocked here, so nothing was changed: please check whom you meant.

error-grant-out-of-range = A grant of { $credits } credits is not possible, so please choose a number from 1 to { $limit }.

error-cost-out-of-range = A cost of { $credits } credits for each picture is not possible, so please choose a number from 0 to { $limit }.

error-cost-below-the-operators =
    The operator limits the credits of this server, so a picture cannot cost { $credits } here: please choose { $limit } { $limit ->
        [one] credit
       *[other] credits
    } or more.

error-no-such-cost = This server has set no cost for that, so nothing was removed: please check the model and the quality.

## The doors

error-server-not-listed = This server is not on the operator's list, so please ask the operator of this bot to add it.

error-permission-missing = This command is for members with the permission { $permissions }, so please ask an admin of this server.

error-bot-permission-missing = The bot lacks the permission { $permissions } here, so please ask an admin of this server to give it.

error-too-soon =
    { $retry_after_s ->
        [one] You used this command a moment ago, so please try again in { $retry_after_s } second.
       *[other] You used this command a moment ago, so please try again in { $retry_after_s } seconds.
    }

error-servers-only = This command works in servers only, so please use it in a channel of one.

error-not-allowed = You may not use this command here, so please ask an admin of this server if you should.

error-outdated-command = Your Discord still shows an earlier version of this command, so please restart Discord and try again.

## The way of a job

error-too-many-waiting =
    { $limit ->
        [one] You already have 1 request waiting, so please try again when it is done.
       *[other] You already have { $limit } requests waiting, so please try again when one of them is done.
    }

error-queue-full =
    { $limit ->
        [one] There is already 1 request waiting here, so please try again when it is done.
       *[other] There are already { $limit } requests waiting here, so please try again in a few minutes.
    }

error-stopped = This was cancelled before it began, so please ask again whenever you like; { money-back }.

error-stopped-waiting = The painting had begun, so it goes on without this card: if a picture comes, it is charged and kept, so please look for it with `/history`.

error-not-yours-to-stop = Only the person who asked and members who may manage messages can stop this, so please ask one of them.

error-nothing-to-stop = This request has ended or is about to, so there is nothing left to stop: please look at its card in a moment.

error-shutting-down = The bot is about to restart, so please try again in a minute.

error-card-not-placed = The answer could not be posted here, so nothing was painted or charged: please try again.

error-not-delivered = The pictures could not be posted, so please check that the bot may write and attach files here; { money-back }.

error-not-kept = These pictures are kept no longer, so please ask for them again with `/imagine` or 🔄.

error-not-posted = The pictures could not be posted here, so please try a channel where the bot may write and attach files.

error-no-room = The bot has no room for more pictures right now, so please try again in an hour, or ask the operator of this bot to make some.

error-interrupted = The bot restarted before it began to paint, so please try again; { money-back }.

error-waited-too-long = The bot was away for a long time before it began to paint, so please ask again if you still want the picture; { money-back }.

error-cancelled-by-operator = The operator of this bot cancelled this request before it was painted, so please ask them before you try again; { money-back }.

error-interrupted-in-doubt = The bot restarted while it painted, so the picture may have been made and paid for; { money-doubt }: would you like to try again?

error-unexpected =
    { $reference ->
        [none] Something went wrong on our side, so please try again in a few minutes.
       *[other] Something went wrong on our side, so please try again, and if it stays, give the operator of this bot the number { $reference }.
    }

## Pictures that cannot be shown

error-picture-too-large = A picture of { $width } by { $height } pixels is too large to be shown here, so please ask for a smaller size.

error-picture-unreadable = A picture arrived damaged and cannot be shown, so please try again.

## Gateways, called "picture service" here; $param is the option that was refused

error-gateway-auth = The picture service did not let this bot in, so the operator has to renew its access; { money-back }.

error-gateway-quota = The bot's account at the picture service is empty, so the operator has to top it up; { money-back }.

error-gateway-rate-limited =
    { $retry_after_s ->
        [none] The picture service is busy, so please try again in a minute; { money-back }.
        [one] The picture service is busy, so please try again in { $retry_after_s } second; { money-back }.
       *[other] The picture service is busy, so please try again in { $retry_after_s } seconds; { money-back }.
    }

error-gateway-moderation = The picture service declined this prompt, so please word it differently and try again; { money-back }.

error-gateway-invalid-request =
    { $param ->
        [none] The picture service could not use these options, so please change the size or the prompt and try again; { money-back }.
       *[other] The picture service could not use the option { $param }, so please change it or leave it out and try again; { money-back }.
    }

error-gateway-model-unavailable = This model is not available right now, so please choose another one; { money-back }.

error-gateway-upstream = The picture service had a problem of its own, so please try again in a few minutes; { money-back }.

error-gateway-timeout-unknown = The picture service cut the line, so the picture may have been made and paid for; { money-doubt }: would you like to try again?

error-gateway-bad-response = The picture service sent something that is not a picture, so please try again or choose another model; { money-back }.

error-gateway-no-image = The picture service answered without a picture, so please word the prompt differently and try again; { money-back }.

error-gateway-download-failed = The picture was made but could not be fetched, so please try again; { money-back }.

error-gateway-unreachable = The picture service cannot be reached right now, so please try again in a few minutes; { money-back }.

error-gateway-disk-full = The bot has no room left for pictures, so the operator has to make some; { money-back }.

error-gateway-reference-lost = A reference picture is kept no longer, so please attach it again; { money-back }.

error-gateway-task-failed = The picture service could not finish this picture, so please try again or choose another model; { money-back }.

error-gateway-task-lost = The picture service lost track of this picture, so it may have been made and paid for; { money-doubt }: would you like to try again?

error-gateway-task-unfinished = The picture service is still not done, so the picture may be made and paid for after all; { money-doubt }: would you like to try again?

## What hangs under a result

error-result-unknown = This result is known no longer, so please ask for a new picture with `/imagine`.

error-not-yours-to-delete = Only the person who asked and members who may manage messages can delete this, so please ask one of them.

error-declined-to-others = This prompt was declined and only who wrote it may try it again, so please use one of your own with `/imagine`.

error-references-never-kept = The references of this request were never kept, so please ask again with `/imagine` and attach them.

error-form-outdated = This form is from another version of this bot, so please open it anew and send it again.

error-form-forgotten = The bot restarted after you opened this form, so please choose *Use as reference* again.

error-no-picture-there = There is no picture in this message, so please choose one that shows a picture.
