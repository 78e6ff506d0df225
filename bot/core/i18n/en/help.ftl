# /help, and the greeting in a server that added the bot. A command such as $quota_set is its mention,
# which people can click.

help-title = ❔ What you can do here
help-begin =
    Type { $imagine } and describe what you want to see: that is all you need.

    { $imagine } · paint one to ten pictures, also from your own images
    { $history } · find your requests, and post their pictures again
    { $usage } · see the credits you have left
    { $preset_save } · save options under a name; { $preset_list } shows them
    { $preferences_defaults } · choose your own model and size
    { $mydata_export } · get all your data; { $mydata_delete } deletes it

help-models-title = Models, and what a picture costs
help-model = { $model } · { $credits ->
        [0] free
        [one] { $credits } credit
       *[other] { $credits } credits
    }
help-models-more = and { $count } more, offered as you type
help-models-none = No model may be used here at the moment.

help-limits-title = Your limits
help-limit = { $level } · { $left }
help-granted =
    { $credits ->
        [one] { $credits } extra credit
       *[other] { $credits } extra credits
    }

# Two topics; more are joined one by one.
help-topics-joined = { $one }, { $other }
help-topics-title = More about
help-topics = { $topics }: { $help } with one of these as `topic`.

help-links-title = Links
help-link-help = Help
help-link-privacy = Privacy

## /help topic: the names are offered as choices

help-topic-painting = painting
help-topic-options = options
help-topic-references = references
help-topic-results = results
help-topic-credits = credits
help-topic-presets = presets
help-topic-privacy = privacy
help-topic-setup = setup

help-about-title =
    { $topic ->
        [painting] 🎨 Painting
        [options] 🎛️ Options
        [references] 🖼️ Reference images
        [results] 🔄 Under a result
        [credits] 🎟️ Credits
        [presets] 🔖 Presets and styles
       *[privacy] 🔒 Privacy
    }

help-about-painting =
    { $imagine } takes a description in any language. First say what is to be seen, then how: the light, the material, the mood.

    The message shows your place in the queue, the progress, and then the pictures. You may close Discord meanwhile; the message is there when you come back.

    You pay only for pictures that you get. *Cancel* is free as long as nothing was sent to the image service; afterwards *Stop waiting* lets the picture come to { $history }.

    A prompt can be declined by the image service. Nothing is charged then: say it in other words.

help-about-options =
    Everything but the prompt may stay empty in { $imagine }. What is offered while you type depends on the model.

    `model` · who paints; the choices say what a picture costs
    `size` · wide, tall, square, or a ratio such as 16:9
    `n` · up to ten pictures at once, each for its credits
    `quality` · finer takes longer, and may cost more
    `style`, `background` · where the model has them
    `preset` · options saved under a name
    `seed`, `negative`, `strength` · the same picture again, what shall not be in it, how far it departs from your image; where the model takes them
    `private`, `spoiler` · shows the result only to you, or hides it until somebody clicks it

    { $preferences_defaults } sets what is used where you choose nothing.

help-about-references =
    Attach up to five images to { $imagine } as `reference1` to `reference5`, and say in the prompt what is to become of them: “this cat as a knight”.

    A `mask` is a PNG as large as the first image: only its transparent parts may change.

    Press *Use* under a result to start from its picture. In the menu of any message, *Apps* → *Use as reference* starts from the images in it.

    PNG, JPEG, WebP, GIF, AVIF, BMP and TIFF of up to 20 MB work. Not every model takes references: you are told which do.

# Below the references, where something can do that.
help-blend = { $blend } makes one picture of two to five pictures, without a prompt.
help-swap = { $swap } puts the face of one picture into another. Get the consent of the person whose face it is first.
help-describe = { $describe } proposes prompts that would paint a picture like yours, and so does *Apps* → *Describe* in the menu of a message. Only you see them, and each has a button that paints it.
help-improve = In forms, *Only improve my prompt first* proposes better words.
help-shorten = { $shorten } proposes shorter prompts that would paint about the same, each with a button that does.

help-about-results =
    🔄 paints the same request once more; whoever presses or reacts pays
    ✏️ *Edit* opens the request in a form, to change a word
    🖼️ *Use* takes the picture as a reference image
    ⬇️ *Original* gives you the file as it was made
    ℹ️ *Details* says everything about the request
    🙈 hides the pictures as spoilers, or shows them again
    🔍, or { "*Choose a picture …*" } under several: vary the picture, use it, enlarge it, or post it alone
    🗑️ deletes the message; { $history } still has the pictures, unless the operator wants them gone
    🚩 *Apps* → *Report*, in the menu of the message, tells moderators and the operator what is wrong with it

    The buttons work for as long as the message is there, also after a restart of the bot.

help-about-credits =
    A picture costs one or more credits, depending on model and quality. { $usage } says how many you have left, which limit decides, and when it frees.

    Admins set limits for everyone, for roles and for single people; a limit of your own goes before that of your roles, and that before everyone's. Extra credits are used last, and do not expire.

    Failures cost nothing. If many of your requests end without a picture although the image service may have been paid for them, you have to wait for a while.

help-about-presets =
    { $preset_save } keeps a prompt and options under a name. { "{prompt}" } in a preset's prompt stands for what you type later: with “{ "{prompt}" }, watercolour” saved as *paper*, a prompt of “a boat” and the preset *paper* paint “a boat, watercolour”.

    Choose it as `preset` in { $imagine }, or with { $preset_use }. { $preset_list } shows yours, { $preset_delete } deletes one.

    Styles of this server are offered in the same place. { $preset_list } has a button that shows them, where there are any.

    What you type goes before the preset, and the preset before your own defaults.

help-about-privacy =
    Your prompts and reference images are sent to the image service that the operator of this bot has chosen. Pictures and prompts are kept for { $history } for a limited time.

    Results are public in their channel, unless you choose `private`; { $preferences_private } makes this your default.

    The admins of a server can choose a channel where moderators read who asked for a picture and, if they want that, the prompts of requests that are not private.

    { $mydata_export } gives you everything that is kept about you as a file, and { $mydata_delete } deletes it.

## For members who may manage the server

help-setup-title = 🛠️ Set up this server
help-setup =
    { $settings_show } · everything in one place
    { $quota_set } · limit the credits of everyone, a role or a person
    { $quota_show } · the limits, extra credits and blocks
    { $quota_cost } · what a picture costs here
    { $quota_block } · keep a person from painting
    { $settings_models_allow } · which models may be used
    { $settings_channels_allow } · where painting is allowed
    { $settings_roles_allow } · who may paint
    { $settings_defaults } · what is used where nobody chooses
    { $style_import } · styles that everybody can choose
    { $settings_words_add } · words that prompts may not contain
    { $settings_log } · a log channel, for requests and reports

    What people report with *Apps* → *Report* is decided there by members who may manage messages.

error-unknown-help-topic = There is no help about { $topic } here, so please choose one of these: { $allowed }.

## The greeting in a server that added the bot

greeting-title = 👋 Hello { $server }
greeting =
    I paint pictures from your words, and from images that you attach.

    { "**Begin**" } with { $imagine } and say what you want to see.
    { "**Limit it**" } with { $quota_set }, such as 5 credits per day for everyone; { $settings_show } says what holds now.
    { "**Say where and for whom**" } with { $settings_channels_allow } and { $settings_roles_allow }.
    { "**More**" } is in { $help }, for everybody.
