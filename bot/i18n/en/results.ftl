# What hangs under a result: buttons, the form that changes it, and what is told of it.

## The buttons: one word, so that three of them fit beside each other on a phone

control-again = Re-roll
control-edit = Edit
control-use = Reference
control-original = Original
control-details = Details
control-delete = Delete

## The form: its title and labels have at most 45 characters, choices 100

form-title = Paint it differently
form-prompt = Prompt
form-model = Model
form-size = Size
form-size-hint = Like 1024x1024; empty: the model decides
form-start = Start from
form-start-nothing = Nothing: the words alone
form-start-references =
    { $count ->
        [one] The reference it was made from
       *[other] The { $count } references it was made from
    }
form-start-picture = This picture
form-start-one-of = Picture { $number }
form-files = More references

# Where a form is refused, so that nobody has to type it again.
form-your-words = Here are your words, to copy:

## The original files

original-too-large =
    { $count ->
        [one] Picture { $numbers } has { $sizes }, more than the { $limit } MB that Discord takes here: please find it with whoever runs this bot.
       *[other] Pictures { $numbers } have { $sizes }, more than the { $limit } MB that Discord takes here: please find them with whoever runs this bot.
    }

## Details

details-title = ℹ️ Details
details-model = Model
details-size = Size
details-size-both = { $painted } ({ $asked })
details-pictures = Pictures
details-pictures-both = { $arrived } of { $asked }
details-quality = Quality
details-style = Style
details-background = Background
details-references = References
details-waited = Waited
details-painted = Painted
details-credits = Credits
details-credits-value = { $credits }
details-tokens = Tokens
details-tokens-value = { $input } in, { $output } out
details-gateway = Gateway
details-parent = Made from
details-parent-link = [an earlier result]({ $link })
details-asked = Asked
details-asked-by = { $who } { $created_at }
details-command = To paste

## Deleting

delete-some-left =
    { $count ->
        [one] One message could not be deleted, so please ask a moderator to do it.
       *[other] { $count } messages could not be deleted, so please ask a moderator to do it.
    }
