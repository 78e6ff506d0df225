# The output of `python -m bot jobs`, and of `python -m bot imagine` besides the paths.

jobs-none = 还没有任何任务。
jobs-cancelled = 任务 { $id } 已取消；轮到它时，或机器人下次启动时，Discord 里的卡片会显示出来。
jobs-not-cancelled = 任务 { $id } 已结束，或正由运行中的机器人绘制，无法取消。

terminal-painting = 正在用 { $model }（{ $size }）绘制 { $n } 张图片…
terminal-done = 已生成 { $count } 张图片，用时 { $seconds } 秒。
