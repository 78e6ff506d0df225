# /history: what one person asked for, found again and posted again.

history-heading = 🗂️ **Your requests**, the newest first
history-none = You have not asked for a picture yet: `/imagine` paints one.
history-nothing-found = Nothing you asked for matches that: please try fewer words, or other ones.

## One job: a line of facts under its prompt

history-state =
    { $state ->
        [failed] ⚠️ failed
        [cancelled] ⏹️ stopped
        [unknown] ❔ in doubt
        [queued] ⏳ in line
       *[other] 🎨 painting
    }
history-pictures =
    { $count ->
        [0] 🖼️ kept no longer
        [one] 🖼️ { $count } picture
       *[other] 🖼️ { $count } pictures
    }
history-pictures-left = 🖼️ { $count } of { $of } pictures kept
history-created = { $created_at }
history-link = [open]({ $link })

## The rows under a page; a click on what was sought seeks without it

history-choose = Post again …
history-newer = ◀
history-older = ▶
history-sought-text = ✕ “{ $word }”
history-sought-model = ✕ { $word }

history-posted = Posted again.
history-posted-privately = Only you see them, as they were painted for you alone.
history-posted-to-you = The bot may not write here, so only you see them: please save what you want to keep.
