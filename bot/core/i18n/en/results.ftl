# Under a result: buttons, the form that edits it, and its details.

## The buttons: short, so that three fit in one row on a phone; the delete button has only an emoji

control-again = Re-roll
control-edit = Edit
control-use = Use
control-original = Original
control-details = Details

# Under a job without pictures.
control-try-again = Try again

## The form: its title and labels have at most 45 characters, choices and their descriptions 100;
## the number of pictures, and what they cost with the model that is selected at first, stand under
## the label of the model, what they cost with each model under that

form-title-edit = Edit and paint again
form-title-use = Use as reference
form-prompt = Prompt
form-model = Model
form-count =
    { $count ->
        [one] For one picture
       *[other] For { $count } pictures
    }: { $credits ->
        [0] free
        [one] { $credits } credit
       *[other] { $credits } credits
    } with { $short_model }
form-cost =
    { $credits ->
        [0] free
        [one] { $credits } credit
       *[other] { $credits } credits
    }
form-size = Size
form-size-hint = E.g. 16:9 or 1024x1024; if empty, the model decides
form-start = Based on
form-start-nothing = The prompt alone
form-start-references =
    { $count ->
        [one] The reference image it was made from
       *[other] The { $count } reference images it was made from
    }
form-start-same-seed = { $start }, same seed { $seed }
form-start-picture = This picture
form-start-one-of = Picture { $number }
form-files = More reference images

# Shown when a form is refused, so that nobody has to type the prompt again.
form-your-words = Here is your text, to copy:

## One picture: chosen by a select under several, or 🔍 under one, and the buttons under it

picture-choose = Choose a picture …
picture-title = 🖼️ Picture { $number } of { $total }
picture-hint-vary = 🎲 paints one more like it at once
picture-hint-use = 🖼️ asks first what to change
picture-hint-enlarge = 🔍 has it made larger at once
picture-hint-resample = 🔍 sends you a larger file without more detail
picture-hint-post = 📤 posts it here by itself
action-label =
    { $face } · { $credits ->
        [0] free
        [one] { $credits } credit
       *[other] { $credits } credits
    }
action-mask = Mask
action-mask-hint = A PNG as large as the picture; transparent parts may change
picture-vary =
    Vary · { $credits ->
        [0] free
        [one] { $credits } credit
       *[other] { $credits } credits
    }
picture-vary-with =
    Vary with { $short_model } · { $credits ->
        [0] free
        [one] { $credits } credit
       *[other] { $credits } credits
    }
picture-use =
    Use · { $credits ->
        [0] free
        [one] { $credits } credit
       *[other] { $credits } credits
    }
picture-enlarge =
    Enlarge · { $credits ->
        [0] free
        [one] { $credits } credit
       *[other] { $credits } credits
    }
picture-enlarge-with =
    Enlarge with { $short_model } · { $credits ->
        [0] free
        [one] { $credits } credit
       *[other] { $credits } credits
    }
picture-resample = Enlarge 2× (resampled) · free
picture-resampled = Picture { $number }, twice as wide and as high: { $width } × { $height } pixels. It was resampled here, so it has no more detail than before.
picture-post = Post alone · free
picture-posted = Posted.

## The original files

original-too-large =
    { $count ->
        [one] Picture { $numbers } has { $sizes }, more than the { $limit } MB that Discord accepts here: please ask the operator of this bot for it.
       *[other] Pictures { $numbers } have { $sizes }, more than the { $limit } MB that Discord accepts here: please ask the operator of this bot for them.
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
details-negative = without { $value }
details-seeds =
    { $count ->
        [one] seed { $seeds }
       *[other] seeds { $seeds }
    }

details-ask-seed = Seed
details-seed-told =
    { $count ->
        [one] The seed of these pictures is { $seeds }.
       *[other] The seeds of these pictures are { $seeds }.
    }
details-seeds-so-far = Seeds known so far: { $seeds }. The image service has not told the others yet, so please ask again in a few minutes.

details-work = Painting
details-waited = { $waited_ms } in the queue
details-painted = { $painted_ms } painting
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

# The question before: asked where others reacted or replied, or of a moderator.
delete-question-own = Others have reacted or replied to this result. Delete it for everybody?
delete-question-other = This result is not yours: { $name } requested it. Delete it for everybody?
delete-kept-own =
    { $count ->
        [one] The picture stays in your `/history` and is deleted there { $deleted_at }.
       *[other] The pictures stay in your `/history` and are deleted there { $deleted_at }.
    }
delete-kept-other =
    { $count ->
        [one] The picture stays in the `/history` of { $name } and is deleted there { $deleted_at }.
       *[other] The pictures stay in the `/history` of { $name } and are deleted there { $deleted_at }.
    }
delete-yes = Delete
delete-no = Keep
