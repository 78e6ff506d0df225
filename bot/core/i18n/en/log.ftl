# A server's log channel, and reports of results.

custom-log = Log channel
custom-log-is =
    { $channel ->
        [none] Off
       *[other] { $channel } · { $prompts ->
            [yes] with prompts
           *[no] without prompts
        }
    }

log-saved =
    { $channel ->
        [none] Saved, but there is no log channel yet: choose one with `/settings log`.
       *[other] Saved. { $channel } now hears who asked for pictures, { $prompts ->
            [yes] with their prompts,
           *[no] without their prompts,
        } and of deletions, declines and reports. Turn it off with `/settings reset what: log`.
    }
log-public = ⚠️ Everybody in this server can read that channel.

## Entries of the log channel

log-job =
    { $state ->
        [done] { $count ->
            [one] 🖼️ A picture was painted
           *[other] 🖼️ { $count } pictures were asked for and painted
        }
        [declined] 🚫 A prompt was declined
        [failed] ⚠️ A request failed
        [cancelled] ⏹️ A request was stopped
       *[other] ❔ The outcome of a request is unknown
    }
log-private = 🔒 private
log-deleted = 🗑️ A result was deleted
log-deleted-by = by { $person }
log-report =
    { $state ->
        [removed] ✅ Reported and removed
        [dismissed] ☑️ Reported and dismissed
       *[open] { $count ->
            [one] 🚩 A result was reported
           *[other] 🚩 A result was reported { $count } times
        }
    }
log-person-id = Id of the person who asked: { $id }
log-decided-by = decided by { $person }

## Reports

report-title = Report this result
report-reason = What is wrong with it?
report-who-reads = You may leave this empty. Moderators and the operator read it, not the person who asked.
report-thanks = Thank you: the people responsible have been told, and the person who asked for this does not learn who reported it.
report-not-told = Nobody could be told of your report, so please write to a moderator of this server directly.
report-remove = Remove
report-dismiss = Dismiss

error-not-reportable = Only messages with pictures of this bot can be reported here, so please choose one of those.

error-too-many-reports = You have reported { $limit } results within an hour, so please go on { $frees_at } or write to a moderator.

error-report-decided = Somebody has decided about this report already, so nothing was changed: please see there what was decided.

error-not-your-report = Only people who may manage messages in the server of this report decide about it, so please ask one of them.

error-log-channel-unfit = The log needs a text channel or a thread of this server that the bot can see, so please choose another one.

error-log-channel-closed = The bot lacks { $permissions } in <#{ $channel }>, so please allow that there or choose another channel.
