# What Discord shows of commands: their descriptions, those of their options as attributes, and
# choices. At most 100 characters each; English is the words in cogs/, and a test compares them.

## /imagine, /usage and /history

command-imagine = Paint a picture from a description.
    .prompt = What to paint
    .model = Who paints it
    .size = How large, like 1024x1024
    .n = How many pictures
    .quality = How carefully
    .style = In which style
    .background = What is behind it
    .preset = What else to take: one that you saved with /preset
    .reference1 = A picture to start from
    .reference2 = A second picture to start from
    .reference3 = A third picture to start from
    .reference4 = A fourth picture to start from
    .reference5 = A fifth picture to start from
    .mask = A PNG as large as the first picture, transparent where it may change
    .private = Whether only you see the result
command-usage = Show which limits apply to you, what is left, and your last requests.
command-history = See what you asked for, find it again and post its pictures once more.
    .model = Only what this model painted
    .text = Only what has these words in its prompt

## /settings

command-settings = Set how Easel works in this server
command-settings-models = Set which models may be used here
command-settings-models-allow = Allow a model; from the first one on, all others are refused.
    .model = May be used; models that you never allowed may not
command-settings-models-remove = Take a model from the allowed ones; after the last one, all are allowed.
    .model = May not be used any more
command-settings-models-all = Allow all models.
command-settings-channels = Set where pictures are painted
command-settings-channels-allow = Paint in a channel; from the first one on, nowhere else.
    .channel = With its threads; a category stands for its channels
command-settings-channels-remove = Take a channel from the allowed ones; after the last one, all are allowed.
    .channel = Where nothing is painted any more
command-settings-channels-all = Paint in all channels.
command-settings-roles = Set who may paint here
command-settings-roles-allow = Let people with a role paint; from the first one on, nobody else.
    .role = Who has it may paint
command-settings-roles-remove = Take a role from the allowed ones; after the last one, everyone may paint.
    .role = Who has only this may not paint any more
command-settings-roles-all = Let everyone paint.
command-settings-show = Show what holds in this server.
command-settings-defaults = Set what is painted where people choose nothing.
    .model = Who paints when nobody is chosen
    .size = How large, for that model
    .n = How many pictures
command-settings-controls = Set who may use what hangs under a result.
    .who = Who may use buttons and reactions under a result
command-settings-emojis = Set the reactions that work under a result.
    .reroll = The reaction that paints again
    .delete = The reaction that deletes
command-settings-moderation = Set how strictly models judge, where they can be told.
    .level = How strictly prompts and pictures are judged
command-settings-language = Set the language of public messages in this server.
    .language = What I speak where everybody reads it
command-settings-reset = Forget what was set here.
    .what = What shall be as if nobody had set it

## /preferences

command-preferences = Set how Easel works for you
command-preferences-show = Show what holds for you.
command-preferences-defaults = Set what is painted for you where you choose nothing.
    .model = Who paints when you choose nobody
    .size = How large, for that model
    .n = How many pictures
    .quality = How carefully
command-preferences-language = Set the language that I speak to you.
    .language = What I speak where only you read it
command-preferences-private = Set whether others see your results.
    .private = Whether only you see your results
command-preferences-ping = Set whether I may mention you.
    .ping = Whether you are mentioned when a picture took long
command-preferences-reset = Forget what you have set; presets stay.
    .what = What shall be as if you had never set it

## /preset

command-preset = Keep what you like to use again
command-preset-save = Save options under a name.
    .name = How you want to call it; an old one of that name is replaced
    .prompt = What to paint; { "{prompt}" } stands for what you type when you use it
    .model = Who paints it
    .size = How large
    .n = How many pictures
    .quality = How carefully
    .style = In which style
    .background = What is behind it
command-preset-use = Paint with a preset.
    .name = Which one
    .prompt = What to paint; where the preset says { "{prompt}" }, it stands there
command-preset-list = Show what you have saved.
command-preset-delete = Delete a preset.
    .name = Which one

## /quota

command-quota = Set how many credits people may spend here
command-quota-usage = Show how many credits were used, day by day.
    .user = Whose; the whole server's if you leave it empty
    .days = How many days back, 1 to 90; 30 if you leave it empty
command-quota-export = Get every charge of this server as a table for a spreadsheet.
    .days = How many days back, 1 to 40; 30 if you leave it empty
command-quota-audit = Show who changed what here, the newest first.
command-quota-cost = Set what a picture costs here, or see the list.
    .model = Whose pictures; leave all empty to see the list
    .quality = In which quality; any if you leave it empty
    .credits = How many credits for each picture; the usual ones again if you leave it empty
command-quota-set = Limit what a person, or everyone, may spend here.
    .credits = How many credits; 0 allows none
    .per = In which time
    .user = For whom; everyone if you leave this, role and whole_server empty
    .role = For each person with this role
    .whole_server = For all people here together instead of each one
command-quota-unlimited = Let a person, a role or everyone spend without limits of their own.
    .user = For whom; everyone if you leave this, role and whole_server empty
    .role = For each person with this role
    .whole_server = For all people here together instead of each one
command-quota-remove = Remove a limit that was set here.
    .per = Which limit; all of them if you leave it empty
    .user = Whose; everyone's if you leave this, role and whole_server empty
    .role = For each person with this role
    .whole_server = That of all people here together
command-quota-show = Show who is limited by what here.
command-quota-grant = Give a person extra credits that do not expire.
    .user = Who gets them
    .credits = How many credits more
    .reason = Why, for the list of changes
command-quota-reset = Forget what a person has used of their own limit.
    .user = Who starts afresh
command-quota-block = Keep a person from painting here.
    .user = Who may not paint any more
    .reason = Why; the person reads it
command-quota-unblock = Let a person paint here again.
    .user = Who may paint again

## /mydata

command-mydata = Your own data: take it along, or delete it
command-mydata-export = Get your requests, charges and pictures as a ZIP that only you see.
command-mydata-delete = Delete your requests, prompts and pictures, after you confirm.

## Context menus, by their names: at most 32 characters

menu-use-as-reference = Use as reference

## Choices, by their values

command-choice-anyone = Anyone
command-choice-requester = Only the person who asked for the picture
command-choice-operator = As the operator set it
command-choice-auto = auto: the model's usual strictness
command-choice-low = low: less strict, where the model can be told
command-choice-defaults = defaults
command-choice-emojis = emojis
command-choice-language = language
command-choice-everything = everything
command-choice-hour = hour
command-choice-day = day
command-choice-week = week
command-choice-month = month
