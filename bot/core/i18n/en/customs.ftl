# /settings, /preferences and /preset.

## Access rules. $channel, $another and $role are ids.

error-channel-not-allowed =
    { $channel ->
        [none] All channels where painting was allowed have been deleted, so please ask an admin to choose new ones with /settings channels.
       *[other] Painting is not allowed in this channel, so please go to <#{ $channel }>{ $another ->
            [none] {""}
           *[other] {" "}or <#{ $another }>
        }.
    }

error-role-not-allowed =
    { $role ->
        [none] All roles that were allowed to paint here have been deleted, so please ask an admin to choose new ones with /settings roles.
       *[other] Only people with the role <@&{ $role }>{ $another ->
            [none] {""}
           *[other] {" "}or <@&{ $another }>
        } may paint here, so please ask an admin of this server for it.
    }

error-model-not-allowed =
    { $allowed ->
        [none] None of the models allowed in this server is available any more, so please ask an admin to choose others with /settings models.
       *[other] This server does not allow { $model }, so please choose one of these: { $allowed }.
    }

error-controls-not-yours = In this server only the person who asked for a picture may do this, so please paint your own with /imagine.

## Emojis

error-not-an-emoji = { $emoji } is not an emoji that can be used here, so please choose one of Discord's own or one of this server's.

error-same-emoji = The same emoji cannot both re-roll and delete, so please choose two different ones.

## Presets

error-preset-name-empty = This name has no visible characters, so please give your preset another one.

error-preset-name-too-long = A name may have at most { $limit } characters, so please choose a shorter one.

error-no-such-preset = You have no preset called { $name }, so please choose one from /preset list.

error-presets-full = You already have { $limit } presets, which is the maximum, so please delete one with /preset delete first.

## Settings and preferences

error-nothing-chosen = No option was filled in, so please choose at least one.

error-not-on-the-list = { $name } is not on the allowed list, so please check the list with /settings show.

error-unknown-language = The bot does not speak { $language } yet, so please choose one of these: { $allowed }.

custom-title =
    { $of ->
        [server] ⚙️ Settings of this server
       *[person] ⚙️ Your preferences
    }
custom-title-changed =
    { $of ->
        [server] ✅ Saved: settings of this server
       *[person] ✅ Saved: your preferences
    }

custom-defaults = Defaults
custom-defaults-are = { $model } · { $size } · { $n ->
        [one] { $n } picture
       *[other] { $n } pictures
    }{ $quality ->
        [none] {""}
       *[other] {" · "}{ $quality }
    }

# The name of this language, in this language.
language-name = English

custom-language = Language
custom-language-of =
    { $language ->
        [none] Same as in Discord
       *[other] { $language }
    }

custom-models = Models
custom-channels = Channels
custom-roles = Roles
custom-all =
    { $of ->
        [models] All
        [channels] All
       *[roles] Everyone
    }
custom-empty =
    { $of ->
        [models] ⚠️ Nobody can paint: none of the allowed models is available any more. Choose others with /settings models.
        [channels] ⚠️ Nobody can paint: all allowed channels have been deleted. Choose others with /settings channels.
       *[roles] ⚠️ Nobody can paint: all allowed roles have been deleted. Choose others with /settings roles.
    }
custom-more = and { $count } more

custom-controls = Buttons and reactions under a result
custom-controls-of =
    { $who ->
        [requester] Only for the person who asked
       *[anyone] For anyone
    }

custom-emojis = Emojis
custom-emojis-are = { $reroll } re-roll · { $delete } delete

custom-moderation = Moderation
custom-moderation-is =
    { $level ->
        [none] The operator's default
       *[other] { $level }
    }
custom-moderation-deaf = This has no effect on { $models }.

custom-private = Results
custom-private-is =
    { $private ->
        [yes] Only you see them
       *[no] Everyone in the channel sees them
    }
custom-ping = Mentions
custom-ping-is =
    { $ping ->
        [yes] You are mentioned when a picture took a long time
       *[no] You are never mentioned
    }

## /settings show

custom-limits = Limits
custom-limits-more =
    { $count ->
        [one] and { $count } more for a role or a person
       *[other] and { $count } more for roles and people
    }
custom-costs = Costs
custom-costs-are =
    { $count ->
        [0] The operator's defaults
        [one] { $count } set here, else the operator's defaults
       *[other] { $count } set here, else the operator's defaults
    }
settings-areas = Show in full…
settings-area-limits = All limits, extra credits and blocks
settings-area-costs = What pictures cost
settings-area-changes = Who changed what
settings-area-models = Models that may be used
settings-area-channels = Channels where painting is allowed
settings-area-roles = Roles that may paint
settings-area-styles = Styles of this server

choice-default = { $name } · default

preset-saved = Saved as **{ $name }**. Use it with /preset use, or as preset in /imagine.
preset-replaced = Saved as **{ $name }**. The earlier preset with this name was replaced.
preset-deleted = **{ $name }** was deleted.

preset-list-title =
    { $count ->
        [0] 🔖 Your presets
        [one] 🔖 Your preset
       *[other] 🔖 Your { $count } presets
    }
preset-list-none = You have no presets yet. Save options to use again with /preset save.
preset-list-page = Page { $page } of { $pages }
preset-list-n =
    { $n ->
        [one] { $n } picture
       *[other] { $n } pictures
    }
