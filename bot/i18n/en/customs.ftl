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

error-preset-empty = This preset would say nothing, so please fill in at least one option, such as the prompt or the model.
