# /mydata: the data that the bot stores about one person.

mydata-none = Nothing is stored about you: you have not asked for a picture yet, or you deleted your data.

mydata-archive =
    Here is what is stored about you: { $jobs ->
        [one] { $jobs } request
       *[other] { $jobs } requests
    } and { $files ->
        [one] { $files } picture
       *[other] { $files } pictures
    }.
mydata-files-left-out =
    { $count ->
        [one] { $count } picture does not fit into the largest file that Discord accepts; `jobs.json` lists it, and `/history` posts it again.
       *[other] { $count } pictures do not fit into the largest file that Discord accepts; `jobs.json` lists them, and `/history` posts them again.
    }
mydata-jobs-left-out =
    { $count ->
        [one] Your oldest request does not fit either
       *[other] Your { $count } oldest requests do not fit either
    }: please ask the operator of this bot for them.

mydata-readme =
    What Easel stores about you

    jobs.json     what you asked for, in your own words, and how it ended
    charges.json  what it cost; charges older than 40 days are not kept individually
    texts.json    what /describe proposed, and prompts that you had improved, if any
    customs.json  your preferences and presets, if you have any
    pictures/     the pictures you got and those you attached, if they are still kept

    Times are UTC. Each picture in jobs.json says whether it is in this file, was left out because
    the file would be too large for Discord, or is no longer kept.
    /usage shows your limits, and /mydata delete deletes what is here.

mydata-ask =
    This deletes everything you asked for, in every server: your prompts, the pictures you attached, the pictures kept for you, your presets and your preferences. What you spent still counts, but under a number instead of your name. Some things stay: the limits, extra credits and blocks that admins set for you, messages in channels (you can delete those yourself), what others re-rolled with 🔄, and the operator's backups. This cannot be undone: `/mydata export` gives you a copy first.
mydata-confirm = Delete my data
mydata-deleted =
    { $jobs ->
        [0] Nothing of yours is left to delete.
        [one] Done: { $jobs } request and its pictures are deleted.
       *[other] Done: { $jobs } requests and their pictures are deleted.
    }

error-still-at-work =
    { $count ->
        [one] 1 of your requests is not finished yet, so please wait until it ends, or press *Cancel* under it if it is in the queue, and confirm again.
       *[other] { $count } of your requests are not finished yet, so please wait until they end, or press *Cancel* under those in the queue, and confirm again.
    }

error-confirmed-too-late = Your confirmation came too late, so please start again with `/mydata delete`.
error-archive-not-taken = Discord does not accept the file with your data right now, so please try again in a few minutes.
