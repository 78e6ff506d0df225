# Under a refusal: buttons that request something else. About 34 characters fit on a button. $n is a
# number of pictures; sizes, words and models are shown as they are.

control-paint = Paint { $n }
control-without =
    { $option ->
        [quality] Without the quality
        [style] Without the style
        [background] Without the background
        [seed] Without the seed
        [negative] Without the negative prompt
        [strength] Without the strength
       *[mask] Without the mask
    }
control-change-prompt = Change the prompt

error-refused-forgotten = These buttons no longer work, because they were used already or are too old, so please type the command again.
