# What servers and people make their custom: /settings, /preferences and /preset.

## House rules, at every door. $channel, $another and $role are ids.

error-channel-not-allowed =
    { $channel ->
        [none] All channels for pictures in this server were deleted, so please ask an admin to choose new ones with /settings channels.
       *[other] Pictures are not painted in this channel, so please go to <#{ $channel }>{ $another ->
            [none] {""}
           *[other] {" "}or <#{ $another }>
        }.
    }

error-role-not-allowed =
    { $role ->
        [none] All roles that may paint in this server were deleted, so please ask an admin to choose new ones with /settings roles.
       *[other] Only people with the role <@&{ $role }>{ $another ->
            [none] {""}
           *[other] {" "}or <@&{ $another }>
        } may paint here, so please ask an admin of this server for it.
    }

error-model-not-allowed =
    { $allowed ->
        [none] None of the models that this server allows is here any more, so please ask an admin to choose others with /settings models.
       *[other] This server does not allow { $model }, so please choose one of these: { $allowed }.
    }

error-controls-not-yours = In this server only the person who asked for a picture may do that with it, so please paint your own with /imagine.

## Emojis

error-not-an-emoji = { $emoji } is no emoji that works here, so please choose one of Discord's own or one of this server's.

error-same-emoji = One emoji cannot both roll again and delete, so please choose two different ones.

## Presets

error-preset-name-empty = That name shows nothing, so please give your preset one that can be read.

error-preset-name-too-long = A name may have { $limit } characters, so please choose a shorter one.

error-no-such-preset = You have no preset called { $name }, so please choose one from /preset list.

error-presets-full = You have { $limit } presets and that is as many as anybody may have, so please delete one with /preset delete first.

## Settings and preferences

error-nothing-chosen = Nothing was filled in, so please choose at least one option.

error-not-on-the-list = { $name } is not among those that are allowed, so please look at the list with /settings show.

error-unknown-language = I do not speak { $language } yet, so please choose one of these: { $allowed }.

custom-title =
    { $of ->
        [server] ⚙️ Settings of this server
       *[person] ⚙️ Your preferences
    }
custom-title-changed =
    { $of ->
        [server] ✅ Saved: this holds in this server now
       *[person] ✅ Saved: this holds for you now
    }

custom-defaults = Where nothing is chosen
custom-defaults-are = { $model } · { $size } · { $n ->
        [one] { $n } picture
       *[other] { $n } pictures
    }{ $quality ->
        [none] {""}
       *[other] {" · "}{ $quality }
    }

# What this language calls itself.
language-name = English

custom-language = Language
custom-language-of =
    { $language ->
        [none] As Discord is set
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
        [models] ⚠️ Nobody can paint: none of the allowed models is here any more. Choose others with /settings models.
        [channels] ⚠️ Nobody can paint: all allowed channels were deleted. Choose others with /settings channels.
       *[roles] ⚠️ Nobody can paint: all allowed roles were deleted. Choose others with /settings roles.
    }
custom-more = and { $count } more

custom-controls = Buttons and reactions under a result
custom-controls-of =
    { $who ->
        [requester] Only for the person who asked
       *[anyone] For anyone
    }

custom-emojis = Emojis
custom-emojis-are = { $reroll } rolls again · { $delete } deletes

custom-moderation = Moderation
custom-moderation-is =
    { $level ->
        [none] As the operator set it
       *[other] { $level }
    }
custom-moderation-deaf = { $models } cannot be told and decide alone.

custom-private = Results
custom-private-is =
    { $private ->
        [yes] Only you see them
       *[no] Everybody in the channel sees them
    }
custom-ping = Notice
custom-ping-is =
    { $ping ->
        [yes] You are mentioned when a picture took long
       *[no] You are never mentioned
    }

choice-default = { $name } · default

preset-saved = Saved as **{ $name }**. Use it with /preset use, or as preset in /imagine.
preset-replaced = **{ $name }** is saved anew; what it was before is gone.
preset-deleted = **{ $name }** is deleted.

preset-list-title =
    { $count ->
        [0] 🔖 Your presets
        [one] 🔖 Your preset
       *[other] 🔖 Your { $count } presets
    }
preset-list-none = You have none yet. Save what you like to use again with /preset save.
preset-list-page = Page { $page } of { $pages }
preset-list-n =
    { $n ->
        [one] { $n } picture
       *[other] { $n } pictures
    }
