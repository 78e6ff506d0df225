# What hangs under a result: buttons, the form that changes it, and what is told of it.

## The buttons: a short word each, so that three fit beside each other on a phone; the bin has none

control-again = Re-roll
control-edit = Edit
control-use = Use
control-original = Original
control-details = Details

# Under a card without pictures.
control-try-again = Try again

## The form: its title and labels have at most 45 characters, choices 100

form-title-edit = Paint it differently
form-title-use = Use as reference
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
        [one] Picture { $numbers } has { $sizes }, more than the { $limit } MB that Discord takes here: please ask the operator of this bot for it.
       *[other] Pictures { $numbers } have { $sizes }, more than the { $limit } MB that Discord takes here: please ask the operator of this bot for them.
    }

## Details: three columns of short lines, and a command

details-title = ℹ️ Details

details-request = Request
details-size-both = { $painted } ({ $asked })
details-arrived = { $arrived } of { $asked } pictures
details-option =
    { $option ->
        [quality] quality
        [style] style
       *[background] background
    } { $value }

details-work = Work
details-waited = { $waited_ms } in line
details-painted = { $painted_ms } of painting
details-tokens = { $input } → { $output } tokens
details-gateway = by { $gateways }

details-origin = Origin
details-created = { $created_at }
details-parent = from [an earlier result]({ $link })

details-command = Command to paste

## Deleting

delete-some-left =
    { $count ->
        [one] One message could not be deleted, so please ask a moderator to do it.
       *[other] { $count } messages could not be deleted, so please ask a moderator to do it.
    }
