# What stands on a card in Discord. $name is the display name of the person who asked.

## The first line of each card

card-title-queued = ⏳ In line for { $name }
card-title-painting = 🎨 Painting for { $name }
card-title-result =
    { $count ->
        [one] 🖼️ A picture for { $name }
       *[other] 🖼️ { $count } pictures for { $name }
    }
card-title-failed = ⚠️ No picture for { $name }
card-title-cancelled = ⏹️ Stopped for { $name }
card-title-unknown = ❔ No picture for { $name }

card-title-more = 🖼️ Pictures { $first } to { $last } of { $total }
card-title-again =
    { $count ->
        [one] 🖼️ A picture from the history of { $name }
       *[other] 🖼️ { $count } pictures from the history of { $name }
    }

card-someone = someone

## Lines under the prompt

card-starting = Starting in a moment
card-ahead =
    { $ahead ->
        [0] Next in line
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
card-revised = The model read it as
card-shortfall = { $arrived } of { $asked } pictures arrived.
card-prompt-withheld = The prompt is not repeated here; only you know what you typed.
card-shown-as-webp = Shown as WebP: the original is too large for this channel.
card-more =
    { $count ->
        [one] One more picture follows in the next message.
       *[other] { $count } more pictures follow in the next messages.
    }
card-kept = They could not be posted here, but they are kept for you: `/history` posts them again.
card-left-none = No credits left for now: more { $frees_at }.

## The button under a card that waits

card-cancel = Cancel
card-stop-waiting = Stop waiting

## The line of facts at the bottom; width and height come as words, so that 1024 has no comma

card-size = { $width }×{ $height }
card-count =
    { $count ->
        [one] { $count } picture
       *[other] { $count } pictures
    }
card-references =
    { $count ->
        [one] { $count } reference
       *[other] { $count } references
    }
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

## What a screen reader says of a picture

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

## One line beside the card, for its requester alone: $mention names them

notice-ready =
    { $mention } { $count ->
        [one] your picture is ready.
       *[other] your pictures are ready.
    }
notice-ended = { $mention } there is no picture, and the card says why.
notice-card-gone =
    { $mention } { $count ->
        [one] here is your picture, as its card cannot show it.
       *[other] here are your pictures, as their card cannot show them.
    }
notice-answer-closed =
    { $mention } { $count ->
        [one] here is your picture, as Discord takes no more answers where you asked; `/history` has it, too.
       *[other] here are your pictures, as Discord takes no more answers where you asked; `/history` has them, too.
    }
