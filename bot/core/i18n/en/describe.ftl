# /describe and /shorten: prompts that are proposed, each with a button that paints it.

describe-title = 🔎 Prompts for this picture
shorten-title = ✂️ Shorter prompts
suggestion-cost =
    { $credits ->
        [0] This was free; each button paints one of them
        [one] This cost { $credits } credit; each button paints one of them
       *[other] This cost { $credits } credits; each button paints one of them
    }
# The label of a button.
suggestion-paint =
    Paint { $number } · { $credits ->
        [0] free
        [one] { $credits } credit
       *[other] { $credits } credits
    }

## A better prompt, asked for in a form

form-improve = Only improve my prompt first
form-improve-cost =
    Proposes other words and paints nothing yet · { $credits ->
        [0] free
        [one] { $credits } credit
       *[other] { $credits } credits
    }
improve-title = ✨ A better prompt
improve-cost =
    { $credits ->
        [0] This was free; nothing is painted until you send the form
        [one] This cost { $credits } credit; nothing is painted until you send the form
       *[other] This cost { $credits } credits; nothing is painted until you send the form
    }
improve-take = Use it in the form
improve-leave = Keep my words

## Errors

error-text-declined = The text service declined this, so please choose another picture or other words; you were not charged.

error-text-busy = The text service does not answer right now, so please try again in a few minutes; nothing was charged.

error-text-misconfigured = The text service does not accept the bot's requests, so please tell the operator of this bot; nothing was charged.

error-text-unusable = The text service sent no prompt, so please try again, or choose another picture or other words; you were not charged.

error-text-in-doubt = The connection to the text service broke, so please try again; you were not charged.

error-suggestion-gone = These suggestions are no longer kept, so please use `/imagine` with your own words.

error-suggestion-of-another = Only the person who asked for these suggestions can paint them, so please use `/imagine` with your own words.

error-seed-unknown = The image service does not tell the seed of these pictures, so please write one of your own into your next prompt, such as `--seed 5`; nothing was charged.

error-seed-later = The image service does not tell the seed right now, so please try again in a few minutes; nothing was charged.
