# The message of a job in Discord (its card). $name is the display name of the requester.

## The first line of each state

card-title-queued = ⏳ Queued for { $name }
card-title-painting = 🎨 Painting for { $name }
card-title-result =
    { $count ->
        [one] 🖼️ A picture for { $name }
       *[other] 🖼️ { $count } pictures for { $name }
    }
card-title-failed = ⚠️ No picture for { $name }
card-title-cancelled = ⏹️ Stopped for { $name }
card-title-unknown = ❔ Outcome unknown for { $name }

card-title-more = 🖼️ Pictures { $first } to { $last } of { $total }
card-title-again =
    { $count ->
        [one] 🖼️ A picture from the history of { $name }
       *[other] 🖼️ { $count } pictures from the history of { $name }
    }
card-title-alone = 🖼️ Picture { $number } of { $total } for { $name }

card-someone = someone

## Lines under the prompt

card-starting = Starting in a moment
card-ahead =
    { $ahead ->
        [0] Next in the queue
       *[other] { $ahead } ahead
    } · about { $minutes ->
        [0] { $seconds } s
       *[other] { $minutes } min
    }
card-asked = asked { $asked_at }
card-progress-said = { $bar } { $percent }%
card-progress-about = { $bar } about { $percent }%
card-progress-overdue = { $bar } longer than usual
card-started = Started { $started_at }
card-still = Still painting, started { $started_at }
card-usual = this model usually takes { $usual_ms }
card-done = { $done } of { $total } done
card-revised = Prompt as revised by the model
card-shortfall = { $arrived } of { $asked } pictures arrived.
card-nearest-size = You asked for { $ratio }: { $size } is the nearest size of this model.
card-flags-left-out =
    { $count ->
        [one] { $flags } has no meaning for this model and was left out.
       *[other] { $flags } have no meaning for this model and were left out.
    }
card-prompt-withheld = The prompt is not shown here.
card-posted-by = Posted by { $name }
card-shown-as-webp = Shown as WebP: the original is too large for this channel.
card-left-out =
    { $count ->
        [one] One picture could not be shown here and was not charged, so please ask for it again or for a smaller size.
       *[other] { $count } pictures could not be shown here and were not charged, so please ask for them again or for a smaller size.
    }
card-more =
    { $count ->
        [one] One more picture follows in the next message.
       *[other] { $count } more pictures follow in the next messages.
    }
card-left-out-kept =
    { $count ->
        [one] One picture could not be shown here, but it is kept for you: use `/history` to get it.
       *[other] { $count } pictures could not be shown here, but they are kept for you: use `/history` to get them.
    }
card-kept = The result could not be posted here, but it is kept for you: use `/history` to get it.
card-elsewhere = The result came in another message, because Discord did not take it here.
card-left-none = No credits left: next credit { $frees_at }.

## The button under a job that is queued or running

card-cancel = Cancel
card-stop-waiting = Stop waiting

## The line of facts at the bottom; width and height are strings, so that 1024 gets no comma

card-size = { $width }×{ $height }
card-count =
    { $count ->
        [one] { $count } picture
       *[other] { $count } pictures
    }
card-references =
    { $count ->
        [one] { $count } reference image
       *[other] { $count } reference images
    }
# $number is that of the enlarged picture in the earlier result.
card-operation =
    { $operation ->
        [blend] { $count ->
            [0] Blend of pictures
           *[other] Blend of { $count } pictures
        }
        [upscale] { $number ->
            [none] Enlargement
           *[other] Enlargement of picture { $number }
        }
       *[swap] Face swap
    }
card-seed = seed { $seed }
card-negative = without { $negative }
card-strength = strength { $strength }%
card-took = { $took_ms }
card-credits =
    { $credits ->
        [one] { $credits } credit
       *[other] { $credits } credits
    }
card-left = { $credits } of { $limit } left { $period ->
        [hour] this hour
        [day] today
        [week] this week
       *[month] this month
    }

duration =
    { $minutes ->
        [0] { $seconds } s
       *[other] { $minutes } min { $seconds } s
    }

## Alternative texts for screen readers

card-alt =
    { $of ->
        [1] Picture: { $prompt }
       *[other] Picture { $index } of { $of }: { $prompt }
    }
card-alt-withheld =
    { $of ->
        [1] Picture
       *[other] Picture { $index } of { $of }
    }

## Notices: one more message that only mentions the requester, $mention

notice-ready =
    { $mention } { $count ->
        [one] your picture is ready.
       *[other] your pictures are ready.
    }
notice-ended = { $mention } there is no picture this time; the message above says why.
notice-card-gone =
    { $mention } { $count ->
        [one] here is your picture, because the original message could not be updated.
       *[other] here are your pictures, because the original message could not be updated.
    }
notice-answer-closed =
    { $mention } { $count ->
        [one] here is your picture, because Discord no longer accepts a reply to your command; it is also in `/history`.
       *[other] here are your pictures, because Discord no longer accepts a reply to your command; they are also in `/history`.
    }
