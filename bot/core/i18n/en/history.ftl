# /history: the requests of one person, to search and to post again.

history-heading = 🗂️ **Your requests**, newest first
history-none = You have not asked for a picture yet: paint one with `/imagine`.
history-nothing-found = None of your requests match: please try fewer or different words.

## One job: a line of facts under its prompt

history-state =
    { $state ->
        [failed] ⚠️ failed
        [cancelled] ⏹️ stopped
        [unknown] ❔ outcome unknown
        [queued] ⏳ queued
       *[other] 🎨 painting
    }
history-pictures =
    { $count ->
        [0] 🖼️ no longer kept
        [one] 🖼️ { $count } picture
       *[other] 🖼️ { $count } pictures
    }
history-pictures-left = 🖼️ { $count } of { $of } pictures kept
history-removed = 🚫 removed by a moderator
history-created = { $created_at }
history-link = [open]({ $link })

## The buttons under a page; clicking a search term removes it from the search

history-choose = Post again …
history-newer = ◀
history-older = ▶
history-sought-text = ✕ “{ $word }”
history-sought-model = ✕ { $word }

history-posted = Posted again.
history-posted-privately = Only you see them, because they were painted for you alone.
history-posted-to-you = The bot may not post here, so only you see them: please save what you want to keep.
