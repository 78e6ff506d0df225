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

error-preset-name-empty = This name has no visible characters, so please choose another one.

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

custom-words = Forbidden words
custom-words-are =
    { $count ->
        [0] None
        [one] { $count } word or phrase
       *[other] { $count } words and phrases
    }
words-added =
    { $added ->
        [0] All of these were forbidden already.
        [one] { $added } more is forbidden.
       *[other] { $added } more are forbidden.
    } { $count ->
        [one] In all, { $count } word or phrase is forbidden here: `/settings words list` has it.
       *[other] In all, { $count } words and phrases are forbidden here: `/settings words list` has them.
    }
words-removed =
    Prompts may contain **{ $word }** again. { $count ->
        [0] No word is forbidden now.
        [one] { $count } word or phrase stays forbidden.
       *[other] { $count } words and phrases stay forbidden.
    }
words-none = No word is forbidden here. `/settings words add` forbids some.
words-listed =
    { $count ->
        [one] Prompts here may not contain this word or phrase. Only you see this.
       *[other] Prompts here may not contain these { $count } words and phrases. Only you see this.
    }

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
settings-areas = Show in full …
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
preset-list-none = You have no presets yet. Save options to use again with `/preset save`.
preset-list-page = Page { $page } of { $pages }
preset-list-n =
    { $n ->
        [one] { $n } picture
       *[other] { $n } pictures
    }

## Styles of a server. $command is the mention of /imagine.

# What marks a style among the choices of preset.
style-mark = server style
style-open = Styles of this server
style-none = None yet
custom-styles = Styles

style-saved = Saved as **{ $name }**. Everybody here can now choose it as `preset` in { $command }.
style-replaced = Saved as **{ $name }**. The earlier style with this name was replaced.
style-deleted = The style **{ $name }** was deleted.
style-imported =
    { $count ->
        [one] { $count } style was saved
       *[other] { $count } styles were saved
    }{ $replaced ->
        [0] .
       *[other] {", "}{ $replaced } of them in place of earlier ones with the same names.
    } Everybody here can now choose one as `preset` in `/imagine`.
style-exported =
    { $count ->
        [one] { $count } style, without its example picture. Save it in another server with `/style import`.
       *[other] { $count } styles, without their example pictures. Save them in another server with `/style import`.
    }

style-list-title =
    { $count ->
        [0] 🖌️ Styles of this server
        [one] 🖌️ The style of this server
       *[other] 🖌️ The { $count } styles of this server
    }
style-list-how = Choose one as `preset` in `/imagine`: your words take the place of “{ "{prompt}" }”.
style-list-none = There are no styles here yet. Members who may manage the server can save one with `/style save`, or start with `/style import`.
style-example-alt = An example of the style { $name }

error-style-without-placeholder = The prompt of the style { $name } has no place for what people type, so please write the word prompt in curly brackets there.

error-style-prompt-too-long = The prompt of the style { $name } has { $length } characters and may have at most { $limit }, so please shorten it.

error-no-such-style = This server has no style called { $name }, so please choose one from /style list.

error-no-styles = This server has no styles yet, so please save one with /style save or /style import first.

error-styles-full = A server may have at most { $limit } styles, so please delete some with /style delete first.

error-styles-file-too-large = The file is larger than { $limit } MB, so please split it.

error-styles-file-unreadable = The file cannot be read as a list of styles, so please use one from /style export.

error-styles-file-unknown-field =
    { $number ->
        [0] The file has a field called { $field } that is not known here, so please remove it.
       *[other] Style { $number } of the file has a field called { $field } that is not known here, so please remove it or correct its name.
    }

error-styles-file-wrong-field =
    { $number ->
        [0] { $field ->
                [none] The file is not a list of styles, so please use one from /style export.
               *[other] The field { $field } of the file is missing or wrong, so please compare it with one from /style export.
            }
       *[other] { $field ->
                [none] Style { $number } of the file is not written as a style, so please compare it with one from /style export.
               *[other] The field { $field } of style { $number } in the file is missing or wrong, so please correct it.
            }
    }

error-style-twice = The file has two styles called { $name }, so please rename one of them.

error-style-not-paintable = No model here can paint the style { $name } with its options, so please correct or remove them in the file.

error-example-too-large = The example picture is larger than { $limit } MB or has too many pixels, so please attach a smaller one.

error-example-unreadable = The example picture could not be read, so please attach a PNG, JPEG, WebP, GIF, AVIF, BMP or TIFF file.
