# Descriptions of commands and of their options (as attributes), and the names of choices. At most
# 100 characters each. English repeats the words in cogs/; a test compares them.

## /imagine, /usage, /history and /help

command-imagine = Paint a picture from a description.
    .prompt = What to paint
    .model = Image model
    .size = Size or aspect ratio, e.g. 16:9 or 1024x1024
    .n = Number of pictures
    .quality = Quality, e.g. high
    .style = Style option of the model, e.g. vivid
    .background = Background, e.g. transparent
    .seed = Seed: the same one paints the same picture again, where the model takes one
    .negative = What shall not be in the picture, where the model takes that
    .strength = How far the result may depart from the reference image, in percent
    .preset = A preset saved with /preset, or a style of this server
    .reference1 = First reference image
    .reference2 = Second reference image
    .reference3 = Third reference image
    .reference4 = Fourth reference image
    .reference5 = Fifth reference image
    .mask = PNG mask as large as the first reference image; transparent parts may change
    .private = Show the result only to you
    .spoiler = Hide the pictures until somebody clicks them
command-describe = Get four prompts that would paint a picture like yours; only you see them.
    .picture = The picture to describe
command-blend = Make one picture of two to five pictures.
    .picture1 = First picture
    .picture2 = Second picture
    .picture3 = Third picture
    .picture4 = Fourth picture
    .picture5 = Fifth picture
    .model = Image model
    .size = Aspect ratio of the result, e.g. 2:3
    .private = Show the result only to you
    .spoiler = Hide the pictures until somebody clicks them
command-swap = Put the face of one picture into another; only with the consent of that person.
    .face = The picture with the face
    .picture = The picture that gets the face
    .model = Image model
    .private = Show the result only to you
    .spoiler = Hide the pictures until somebody clicks them
command-shorten = Get shorter prompts for about the same picture; only you see them.
    .prompt = The prompt to shorten
command-usage = Show your limits, the credits you have left, and your last requests.
command-history = Browse and search your requests, and post their pictures again.
    .model = Only pictures by this model
    .text = Only requests with these words in the prompt
command-help = Show what you can do here, and how.
    .topic = What to explain; if empty, an overview

## /settings

command-settings = Change how Easel works in this server
command-settings-models = Set which models may be used here
command-settings-models-allow = Allow a model; once one is allowed, all others are refused.
    .model = Model to allow
command-settings-models-remove = Remove a model from the allowed list; an empty list allows all models.
    .model = Model to remove from the list
command-settings-models-all = Allow all models.
command-settings-channels = Set where painting is allowed
command-settings-channels-allow = Allow painting in a channel; once one is allowed, all others are refused.
    .channel = Channel to allow, with its threads; a category includes its channels
command-settings-channels-remove = Remove a channel from the allowed list; an empty list allows all channels.
    .channel = Channel to remove from the list
command-settings-channels-all = Allow painting in all channels.
command-settings-roles = Set who may paint here
command-settings-roles-allow = Allow a role to paint; once one is allowed, all other people are refused.
    .role = Role to allow
command-settings-roles-remove = Remove a role from the allowed list; an empty list allows everyone.
    .role = Role to remove from the list
command-settings-roles-all = Allow everyone to paint.
command-settings-show = Show the settings of this server.
command-settings-defaults = Set the default model, size and number of pictures.
    .model = Default model
    .size = Default size for this model
    .n = Default number of pictures
    .spoiler = Hide pictures until somebody clicks them
command-settings-controls = Set who may use the buttons and reactions under a result.
    .who = Who may use the buttons and reactions
command-settings-emojis = Set the reactions that work under a result.
    .reroll = Reaction that re-rolls
    .delete = Reaction that deletes
command-settings-moderation = Set how strict moderation is, for models that support this.
    .level = How strictly prompts and pictures are judged
command-settings-language = Set the language of public messages in this server.
    .language = Language of messages that everyone sees
command-settings-words = Forbid words in prompts here
command-settings-words-add = Forbid words in prompts; how their letters are written makes no difference.
    .words = Words or phrases, separated by commas
command-settings-words-remove = Allow a word in prompts again.
    .word = Word to allow again
command-settings-words-list = Get the words that prompts here may not contain, as a file.
command-settings-log = Choose a channel that hears who asked for pictures, and of deletions and reports.
    .channel = Text channel or thread that moderators read
    .prompts = Show there what people asked for; off unless you turn it on
command-settings-reset = Reset the settings of this server.
    .what = Settings to reset

## /preferences

command-preferences = Change how Easel works for you
command-preferences-show = Show your preferences.
command-preferences-defaults = Set your default model, size, number of pictures and quality.
    .model = Default model
    .size = Default size for this model
    .n = Default number of pictures
    .quality = Default quality
command-preferences-language = Set the language of messages that only you see.
    .language = Language of messages that only you see
command-preferences-private = Set whether others see your results.
    .private = Show your results only to you
command-preferences-spoiler = Set whether your pictures are hidden as spoilers.
    .spoiler = Hide your pictures until somebody clicks them
command-preferences-ping = Set whether the bot may mention you.
    .ping = Mention you when a picture took a long time
command-preferences-reset = Reset your preferences; presets stay.
    .what = Preferences to reset

## /preset

command-preset = Save options to use them again
command-preset-save = Save options as a preset.
    .name = Name of the preset; an existing one with this name is replaced
    .prompt = What to paint; { "{prompt}" } stands for what you type when you use the preset
    .model = Image model
    .size = Size or aspect ratio, e.g. 16:9 or 1024x1024
    .n = Number of pictures
    .quality = Quality, e.g. high
    .style = Style option of the model, e.g. vivid
    .background = Background, e.g. transparent
    .seed = Seed: the same one paints the same picture again, where the model takes one
    .negative = What shall not be in the picture, where the model takes that
    .strength = How far the result may depart from the reference image, in percent
command-preset-use = Paint with a preset.
    .name = Preset to use
    .prompt = What to paint; replaces { "{prompt}" } in the preset
command-preset-list = Show your presets.
command-preset-delete = Delete a preset.
    .name = Preset to delete

## /style

command-style = Offer styles to everybody in this server
command-style-save = Save a style that everybody here can choose as preset.
    .name = Name of the style; an existing one with this name is replaced
    .prompt = What to paint; { "{prompt}" } stands for what people type
    .model = Image model
    .size = Size or aspect ratio, e.g. 16:9 or 1024x1024
    .n = Number of pictures
    .quality = Quality, e.g. high
    .style = Style option of the model, e.g. vivid
    .background = Background, e.g. transparent
    .negative = What shall not be in the picture, where the model takes that
    .strength = How far the result may depart from the reference image, in percent
    .example = Picture that shows the style in the list
command-style-list = Show the styles of this server.
command-style-delete = Delete a style of this server.
    .name = Style to delete
command-style-import = Save all styles of a file, or those that come with Easel.
    .file = File from /style export; if empty, the styles that come with Easel
command-style-export = Get the styles of this server as a file.

## /quota

command-quota = Set how many credits people may spend here
command-quota-usage = Show how many credits were used on each day.
    .user = Person to show; if empty, the whole server
    .days = Number of days, 1 to 90; if empty, 30
command-quota-export = Export every charge of this server as a table for a spreadsheet.
    .days = Number of days, 1 to 40; if empty, 30
command-quota-audit = Show who changed what here, newest first.
command-quota-cost = Set what a picture costs here, or show the price list.
    .model = Model; if all options are empty, the price list is shown
    .quality = Quality; if empty, any
    .credits = Credits per picture; if empty, the default applies again
command-quota-set = Limit the credits of a person, a role, everyone or the whole server.
    .credits = Number of credits; 0 allows no pictures
    .per = Period of the limit
    .user = Person to limit; if user, role and whole_server are empty, everyone
    .role = Role to limit: each person with this role
    .whole_server = Limit all people here together instead of each one
command-quota-unlimited = Exempt a person, a role or everyone from personal limits.
    .user = Person to exempt; if user, role and whole_server are empty, everyone
    .role = Role to exempt: each person with this role
    .whole_server = Exempt all people here together instead of each one
command-quota-remove = Remove a limit that was set here.
    .per = Period of the limit; if empty, all limits
    .user = Person whose limit to remove; if user, role and whole_server are empty, everyone's
    .role = Role whose limit to remove
    .whole_server = Remove the shared limit of all people here
command-quota-show = Show the limits set in this server.
command-quota-grant = Give a person extra credits that do not expire.
    .user = Person who gets the credits
    .credits = Number of extra credits
    .reason = Reason, for the list of changes
command-quota-reset = Reset what a person has used of their own limit.
    .user = Person whose usage to reset
command-quota-block = Block a person from painting here.
    .user = Person to block
    .reason = Reason; the person can read it
command-quota-unblock = Let a person paint here again.
    .user = Person to unblock

## /mydata

command-mydata = Your own data: export or delete it
command-mydata-export = Get your requests, charges and pictures as a ZIP file that only you see.
command-mydata-delete = Delete your requests, prompts and pictures, after you confirm.

## /operator

command-operator = For the operator of this bot alone
command-operator-block = Block a person in every server.
    .person = Id of the person, or a mention
    .reason = Reason; the person can read it
command-operator-unblock = Lift such a block; what admins of servers decided stays.
    .person = Id of the person, or a mention
command-operator-blocks = List who is blocked in every server.

## Context menus, by their names: at most 32 characters

menu-use-as-reference = Use as reference
menu-describe = Describe
menu-report = Report

## Choices, by their values

command-choice-anyone = Anyone
command-choice-requester = Only the person who asked for the picture
command-choice-operator = The operator's default
command-choice-auto = auto: the model's usual strictness
command-choice-low = low: less strict, for models that support this
command-choice-defaults = defaults
command-choice-emojis = emojis
command-choice-language = language
command-choice-words = words
command-choice-log = log
command-choice-everything = everything
command-choice-hour = hour
command-choice-day = day
command-choice-week = week
command-choice-month = month
