# What `python -m bot imagine` says beside the paths of the pictures, and `python -m bot jobs`.

jobs-none = There are no jobs yet.
jobs-cancelled = Job { $id } is cancelled; its card says so at its turn, or when the bot starts again.
jobs-not-cancelled = Job { $id } has ended, or is being painted by a running bot, so it cannot be cancelled.

terminal-painting =
    { $n ->
        [one] Painting { $n } picture with { $model } ({ $size }) …
       *[other] Painting { $n } pictures with { $model } ({ $size }) …
    }
terminal-done =
    { $count ->
        [one] { $count } picture in { $seconds } s.
       *[other] { $count } pictures in { $seconds } s.
    }
