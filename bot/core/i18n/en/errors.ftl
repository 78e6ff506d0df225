# One sentence for every error: what happened, and what to do next. Kind, without jargon or blame;
# never a key, a host or a gateway's own words. The classes of the errors say what each fact is.

## Parts that several sentences share

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
        [everyone] the limit for everyone here
        [default] the default limit
        [server] the shared limit of this server
        [server-quota] the operator's limit for this server
        [budget] the operator's budget
       *[total] the operator's limit for all servers
    }

limit-keeper =
    { $level ->
        [default] the operator of this bot
        [server-quota] the operator of this bot
        [total] the operator of this bot
        [budget] the operator of this bot
       *[other] an admin of this server
    }

# What it cost. $money is back: nothing; part: other pictures arrived.
money-back =
    { $money ->
        [part] the missing pictures were not charged
       *[back] your credits were given back
    }

money-doubt =
    { $money ->
        [part] the missing pictures were not charged
       *[back] you were not charged
    }

## The options of /imagine

error-prompt-empty = The prompt is empty, so please say what to paint.

error-prompt-too-long = Your prompt has { $length } characters and { $model } takes at most { $limit }, so please shorten it.

error-forbidden-text = Something that you asked for is forbidden by the operator of this bot, so please change the prompt or the preset; nothing was charged.

error-forbidden-text-here = Something that you asked for is forbidden by the admins of this server, so please change the prompt or the preset; nothing was charged.

error-text-not-checked = Your prompt could not be checked in time, so please shorten it or try again later; nothing was charged.

error-server-words-full = A server can forbid at most { $limit } words, so please remove some with `/settings words remove`.

error-server-word-too-long = A forbidden word has at most { $limit } characters, so please shorten it, and separate words by commas.

error-server-word-empty = A forbidden word needs a letter or a digit, so please type words, separated by commas.

error-word-not-forbidden = { $word } is not forbidden here, so please check the list with `/settings words list`.

error-style-forbidden = The style { $name } has something that the operator of this bot or this server forbids, so please change its prompt.

error-model-age-restricted = { $model } may be used in age-restricted channels only, so please ask in one or choose another model.

error-unknown-model = There is no model called { $model } here, so please choose one of these: { $allowed }.

error-wrong-size = { $model } does not support the size { $size }, so please choose one of these: { sizes-taken }.

# Edges are strings, so that numbers that people type have no comma.
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
               *[other] , { $min_pixels } to { $max_pixels } pixels in total
            }{ $max_ratio ->
                [none] {""}
               *[other] , at most { $max_ratio }:1
            })
    }

error-wrong-count =
    { $limit ->
        [one] This model paints 1 picture at a time, so please ask for 1 instead of { $n }.
       *[other] You can ask for 1 to { $limit } pictures at a time, so please choose a number in this range instead of { $n }.
    }

error-wrong-choice = { $model } does not support the { $option } { $value }, so please choose one of these: { $allowed }.

error-option-not-taken =
    { $allowed ->
        [none] { $model } does not support the option { $option }, so please leave it out or choose another model.
       *[other] { $model } does not support the option { $option }, so please leave it out or choose one of these: { $allowed }.
    }

error-option-beside-reference = { $model } does not support the option { $option } together with a reference image, so please leave one of them out.

error-wrong-number = The { $option } { $value } is out of range, so please choose a whole number from { $least } to { $most }.

error-negative-too-long = The negative prompt has { $length } characters and { $model } takes at most { $limit }, so please shorten it.

error-strength-without-reference = The strength says how far to depart from a reference image, so please attach one or leave the strength out.

error-wrong-flag =
    { $option ->
        [size] { $flag } is no aspect ratio, so please write it like --ar 16:9.
        [seed] { $flag } is no seed, so please write a whole number, like --seed 5.
        [n] { $flag } is no number of pictures, so please write it like --n 4.
        [strength] { $flag } is no image weight, so please write a number from 0 to 3, like --iw 1.
       *[negative] { $flag } names nothing, so please write what shall not be in the picture, like --no people.
    }

error-no-references =
    { $allowed ->
        [none] { $model } does not support reference images, so please leave them out.
       *[other] { $model } does not support reference images, so please leave them out or choose one of these: { $allowed }.
    }

error-too-many-references =
    { $limit ->
        [one] { $model } takes 1 reference image, so please leave the others out.
       *[other] { $model } takes at most { $limit } reference images, so please leave some out.
    }

error-mask-not-taken =
    { $allowed ->
        [none] { $model } does not support masks, so please leave the mask out.
       *[other] { $model } does not support masks, so please leave the mask out or choose one of these: { $allowed }.
    }

error-operation-not-offered =
    { $allowed ->
        [none] { $operation ->
            [blend] { $model } cannot blend pictures here, so please attach them to `/imagine` as reference images instead.
            [upscale] { $model } cannot enlarge pictures here, so please ask for a picture of a larger size instead.
           *[swap] { $model } cannot swap faces here, so please attach both pictures to `/imagine` as reference images instead.
        }
       *[other] { $operation ->
            [blend] { $model } cannot blend pictures, so please choose one of these: { $allowed }.
            [upscale] { $model } cannot enlarge pictures, so please choose one of these: { $allowed }.
           *[swap] { $model } cannot swap faces, so please choose one of these: { $allowed }.
        }
    }

error-wrong-picture-count =
    { $most ->
        [1] { $model } takes exactly 1 picture for this, so please attach one.
        [2] { $model } takes exactly 2 pictures for this, so please attach two.
       *[other] { $model } takes { $least } to { $most } pictures for this, and not { $count }, so please attach { $least } to { $most }.
    }

error-mask-without-reference = A mask marks which part of a reference image may change, so please attach that image as the first reference image.

## Reference images

error-mask-unfit = The mask must be a PNG of at most 4 MB and as large as the first reference image ({ $width } by { $height } pixels), so please attach one like this; { money-back }.

error-mask-opaque = The mask has no transparent part, so nothing could change: please make the part to repaint transparent and attach it again; { money-back }.

error-reference-no-picture = Reference image { $number } is not a picture, so please attach a PNG, JPEG, WebP, GIF, AVIF, BMP or TIFF file.

error-reference-heic = Reference image { $number } is a HEIC photo, which cannot be read here, so please send it as a JPEG.

error-reference-too-large = Reference image { $number } is larger than { $limit } MB, so please attach a smaller file.

error-reference-too-many-pixels = Reference image { $number } has more than { $limit } megapixels, so please attach a smaller one; { money-back }.

error-reference-unreadable = Reference image { $number } is not a readable PNG, JPEG, WebP, GIF, AVIF, BMP or TIFF, so please attach another file; { money-back }.

error-references-same = Picture { $number } is the same as picture { $first }, so please attach different ones; { money-back }.

error-reference-lost = Reference image { $number } could not be downloaded, so please attach it again; { money-back }.

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

error-limit-above-ceiling = The operator of this bot allows this server at most { limit-credits }, so please choose a lower limit than { $credits }.

error-one-subject-only = A limit is for one person, one role or the whole server, so please choose only one of them.

error-no-such-limit = There is no such limit, so nothing was removed: please see the limits with `/quota show`.

error-budget-spent =
    { $frees_at ->
        [none] This costs more than the operator's budget allows, so please ask for fewer pictures or a cheaper model.
       *[other] The operator's budget for pictures is used up, so please try again { $frees_at }.
    }

error-too-many-doubtful =
    { $limit ->
        [one] One of your requests in the last 24 hours brought no picture although the operator may have paid for it
       *[other] { $limit } of your requests in the last 24 hours brought no picture although the operator may have paid for them
    }, so please try again { $frees_at } or ask an admin to reset your usage.

error-blocked =
    { $reason ->
        [none] You have been blocked from painting in this server, so please ask an admin of this server if this is a mistake.
       *[other] You have been blocked from painting in this server ({ $reason }), so please ask an admin of this server if this is a mistake.
    }

error-blocked-everywhere =
    { $reason ->
        [none] The operator of this bot has blocked you from painting, so please ask them if this is a mistake.
       *[other] The operator of this bot has blocked you from painting ({ $reason }), so please ask them if this is a mistake.
    }

error-too-many-requests = This bot takes at most { $limit } requests a minute from one person, so please go on { $frees_at }.

error-not-blocked = This person is not blocked here, so nothing was changed: please check that you chose the right person.

error-grant-out-of-range = A grant of { $credits } credits is not possible, so please choose a number from 1 to { $limit }.

error-cost-out-of-range = A cost of { $credits } credits per picture is not possible, so please choose a number from 0 to { $limit }.

error-cost-below-the-operators =
    The operator limits the credits of this server, so a picture cannot cost { $credits } here: please choose { $limit } { $limit ->
        [one] credit
       *[other] credits
    } or more.

error-no-such-cost = This server has not set a cost for this model and quality, so nothing was removed: please check both.

## Permissions and availability

error-server-not-listed = This server is not on the operator's list, so please ask the operator of this bot to add it.

error-permission-missing = This command is for members with the permission { $permissions }, so please ask an admin of this server.

error-bot-permission-missing = The bot lacks the permission { $permissions } here, so please ask an admin of this server to grant it.

error-too-soon =
    { $retry_after_s ->
        [one] You used this command a moment ago, so please try again in { $retry_after_s } second.
       *[other] You used this command a moment ago, so please try again in { $retry_after_s } seconds.
    }

error-servers-only = This command works only in servers, so please use it in a channel of a server.

error-not-allowed = You may not use this command here, so please ask an admin of this server if this is a mistake.

error-command-not-allowed = You may not use `/{ $command }` here, so please ask an admin of this server.

error-outdated-command = Your Discord still shows an old version of this command, so please restart Discord and try again.

## Queue, cancellation and delivery

error-too-many-waiting =
    { $limit ->
        [one] You already have 1 request waiting, so please try again when it is done.
       *[other] You already have { $limit } requests waiting, so please try again when one of them is done.
    }

error-queue-full =
    { $limit ->
        [one] There is already 1 request in the queue, so please try again when it is done.
       *[other] There are already { $limit } requests in the queue, so please try again in a few minutes.
    }

error-stopped = This request was cancelled before painting began, so please ask again whenever you like; { money-back }.

error-stopped-waiting = Painting had already begun, so it goes on without updates here: if a picture comes, it is charged and kept, so please look for it with `/history`.

error-not-yours-to-stop = Only the person who asked and members with the permission Manage Messages can stop this, so please ask one of them.

error-already-cancelled = This request was already cancelled and nothing was charged, so please ask again whenever you like.

error-already-stopped-waiting = Nobody waits for this request any more: if a picture comes, it is charged and kept, so please look for it with `/history`.

error-nothing-to-stop = This request has ended or is about to end, so it can no longer be stopped: please look at its message in a moment.

error-stop-unanswered = The part of the bot that works on this request does not answer right now: please press the button again in a minute.

error-press-repeated = This request had already arrived, so nothing more is done: please look at its message.

error-shutting-down = The bot is about to restart, so please try again in a minute.

error-database-busy = The bot's database does not answer right now, so nothing was changed or charged: please try again in a minute.

error-database-lost = The bot's database file is gone, so nothing can be started: please tell the operator of this bot.

error-card-not-placed = The reply could not be posted here, so nothing was painted or charged: please try again.

error-pictures-kept = The pictures could not be posted here but are kept for you, so please use `/history` to get them.

error-pictures-late =
    { $count ->
        [one] A picture that had not been finished in time has come and is kept for you
       *[other] { $count } pictures that had not been finished in time have come and are kept for you
    }{ $credits ->
        [0] {" "}at no cost
        [one] {" "}for 1 credit
       *[other] {" "}for { $credits } credits
    }, so please use `/history` to get { $count ->
        [one] it
       *[other] them
    }.

error-not-delivered = The pictures could not be posted, so please check that the bot may send messages and attach files here; { money-back }.

error-neither-posted-nor-kept = The pictures came but could be neither posted nor kept, so please try again in a few minutes, and if it happens again, tell the operator of this bot; { money-back }.

error-not-kept = These pictures are no longer kept, so please ask for them again with `/imagine` or 🔄.

error-picture-not-kept = Picture { $number } is no longer kept, so please choose another one, or ask for new ones with 🔄.

error-enlarging-gone = No model that you can use here enlarges pictures any more, so please choose another of the buttons.

error-picture-not-enlarged = A picture of { $width } by { $height } pixels is too large to be enlarged here, so please save it with ⬇️ *Original* and enlarge it in another program.

error-animation-not-enlarged = A picture that moves cannot be enlarged here, so please choose another one, or save it with ⬇️ *Original*.

error-still-enlarging = Another picture is still being enlarged for you, so please press again once you have it.

error-too-many-enlarging = Many pictures are being enlarged right now, so please try again in a minute.

error-not-asked-you = Only the mentioned person can answer this, so please use the buttons under your own result.

error-cost-changed =
    { $credits ->
        [0] This is free now, so please press the button again if you want it.
        [one] This costs { $credits } credit now, so please press the button again if you want it.
       *[other] This costs { $credits } credits now, so please press the button again if you want it.
    }

error-private-not-posted = This result is private and is not posted here, so please use ⬇️ *Original* to save it and share it yourself.

error-no-longer-posted = This result was deleted here, so please ask the person who requested it to post it again with `/history`.

error-some-not-posted =
    { $count ->
        [one] One picture is too large for this channel, so please try one with a larger upload limit, or ask for a smaller size.
       *[other] { $count } pictures are too large for this channel, so please try one with a larger upload limit, or ask for a smaller size.
    }

error-not-posted = The pictures could not be posted here, so please try a channel where the bot may send messages and attach files.

error-no-room = The bot has no storage space for more pictures right now, so please try again in an hour, or ask the operator of this bot to free some.

error-storage-away = The storage for pictures does not answer right now, so please try again in a few minutes.

error-interrupted = The bot restarted before painting began, so please try again; { money-back }.

error-waited-too-long = The bot was offline for a long time before painting began, so please ask again if you still want the picture; { money-back }.

error-cancelled-by-operator = The operator of this bot cancelled this request before painting began, so please ask them before you try again; { money-back }.

error-interrupted-in-doubt = The bot restarted during painting, so the picture may have been made and paid for; { money-doubt }: would you like to try again?

error-unexpected =
    { $reference ->
        [none] Something went wrong on our side, so please try again in a few minutes.
       *[other] Something went wrong on our side, so please try again, and if it keeps happening, give the operator of this bot the code { $reference }.
    }

## Pictures that cannot be shown

error-picture-too-large = A picture of { $width } by { $height } pixels is too large to be shown here, so please ask for a smaller size.

error-picture-unreadable = A picture arrived damaged and cannot be shown, so please try again.

## Gateways, called "image service" here; $param is the option that was refused

error-gateway-auth = The image service rejected the bot's credentials, so the operator has to renew them; { money-back }.

error-gateway-quota = The bot's account at the image service has no money left, so the operator has to top it up; { money-back }.

error-gateway-rate-limited =
    { $retry_at ->
        [none] { $retry_after_s ->
            [none] The image service is busy, so please try again in a minute; { money-back }.
            [one] The image service is busy, so please try again in { $retry_after_s } second; { money-back }.
           *[other] The image service is busy, so please try again in { $retry_after_s } seconds; { money-back }.
        }
       *[other] The image service is busy, so please try again { $retry_at }; { money-back }.
    }

error-gateway-moderation = The image service declined this prompt, so please reword it and try again; { money-back }.

error-gateway-invalid-request =
    { $param ->
        [none] The image service rejected these options, so please change the size or the prompt and try again; { money-back }.
        [image] The image service rejected the reference images, so please attach smaller or other ones and try again; { money-back }.
       *[other] The image service rejected the option { $param }, so please change it or leave it out and try again; { money-back }.
    }

error-gateway-model-unavailable = This model is not available right now, so please choose another one; { money-back }.

error-gateway-upstream = The image service had an internal problem, so please try again in a few minutes; { money-back }.

error-gateway-timeout-unknown = The connection to the image service broke, so the picture may have been made and paid for; { money-doubt }: would you like to try again?

error-gateway-bad-response = The image service sent something that is not a picture, so please try again or choose another model; { money-back }.

error-gateway-no-image = The image service replied without a picture, so please reword the prompt and try again; { money-back }.

error-pictures-missing = The others did not arrive from the image service, so please ask again for them; { money-back }.

error-rest-not-sent = The others were not painted because this request was stopped, so please ask again if you want them; { money-back }.

error-pictures-lost = The others were made but could not be downloaded or read, so please ask again for them; { money-back }.

error-gateway-download-failed = The picture was made but could not be downloaded, so please try again; { money-back }.

error-gateway-unreachable = The image service cannot be reached right now, so please try again in a few minutes; { money-back }.

error-gateway-disk-full = The bot has no storage space left for pictures, so the operator has to free some; { money-back }.

error-gateway-reference-lost = A reference image is no longer kept, so please attach it again; { money-back }.

error-gateway-task-failed = The image service could not finish this picture, so please try again or choose another model; { money-back }.

error-gateway-task-lost = The image service lost track of this picture, so it may have been made and paid for; { money-doubt }: would you like to try again?

error-gateway-task-unfinished = The image service has still not finished, so the picture is kept for you in `/history`, for its credits, if it comes within a day; { money-doubt }: would you like to wait, or try again?

error-gateway-action-expired = This button has expired at the image service, and you were not charged: please paint the picture again to get new ones.

## Buttons and reactions under a result

error-action-runs = This is being painted already, so please wait until it is there.

error-result-removed = A moderator removed this result, so please paint something else with `/imagine`.

error-result-unknown = This result can no longer be found, so please ask for a new picture with `/imagine`.

error-not-yours-to-delete = Only the person who asked and members with the permission Manage Messages can delete this, so please ask one of them.

error-declined-to-others = This prompt was declined and only the person who wrote it may try it again, so please use your own with `/imagine`.

error-references-never-kept = The images attached to this request were not kept, so please ask again as before and attach them.

error-form-outdated = This form is from another version of this bot, so please open it again and fill it in once more.

error-form-forgotten = The bot restarted after you opened this form, so please choose *Use as reference* again.

error-no-picture-there = This message contains no picture, so please choose one that does.
