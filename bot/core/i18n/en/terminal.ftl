# The output of `python -m bot jobs`, and of `python -m bot imagine` besides the paths.

jobs-none = There are no jobs yet.
jobs-cancelled = Job { $id } is cancelled; its message in Discord says so when its turn comes, or when the bot starts again.
jobs-not-cancelled = Job { $id } has ended or is being painted by a running bot, so it cannot be cancelled.

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
