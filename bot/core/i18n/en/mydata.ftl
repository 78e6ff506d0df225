# /mydata: what the bot keeps of one person.

mydata-none = There is nothing of yours here: you have not asked for a picture, or you had it deleted.

mydata-archive =
    Here is what is kept of you: { $jobs ->
        [one] { $jobs } request
       *[other] { $jobs } requests
    } and { $files ->
        [one] { $files } picture
       *[other] { $files } pictures
    }.
mydata-files-left-out =
    { $count ->
        [one] { $count } picture does not fit into one file that Discord takes
       *[other] { $count } pictures do not fit into one file that Discord takes
    }; `jobs.json` names them, and `/history` posts them again.
mydata-jobs-left-out =
    { $count ->
        [one] Your oldest request does not fit either
       *[other] Your { $count } oldest requests do not fit either
    }: please ask the operator of this bot for them.

mydata-readme =
    What Easel keeps of you

    jobs.json     what you asked for, with your own words, and how it ended
    charges.json  what it cost; charges of more than 40 days ago are no longer kept one by one
    customs.json  your preferences and presets, if you have any
    pictures/     the pictures you got and those you attached, as far as they are still kept

    Times are UTC. Each picture in jobs.json says whether it is in this file, was left out because
    the file would be too large for Discord, or is kept no longer.
    /usage shows your limits, and /mydata delete deletes what is here.

mydata-ask =
    This deletes everything you asked for, in every server: your prompts, the pictures you attached, the pictures kept for you, your presets and your preferences. What you spent keeps counting, under a number instead of your name; limits, grants and blocks that admins set for you stay. So do messages in channels, which you can delete there, what others painted again with 🔄, and the operator's backups. There is no way back: `/mydata export` gives you a copy first.
mydata-confirm = Delete my data
mydata-deleted =
    { $jobs ->
        [0] Nothing of yours is left to delete.
        [one] Done: { $jobs } request and its pictures are deleted.
       *[other] Done: { $jobs } requests and their pictures are deleted.
    }

error-still-at-work =
    { $count ->
        [one] 1 of your requests is still at work, so please wait until it ends, or press *Cancel* under it if it is in line, and confirm again.
       *[other] { $count } of your requests are still at work, so please wait until they end, or press *Cancel* under those in line, and confirm again.
    }

error-confirmed-too-late = This question is too old to be answered, so please ask again with `/mydata delete`.
error-archive-not-taken = Discord does not take the file with your data right now, so please try again in a few minutes.
