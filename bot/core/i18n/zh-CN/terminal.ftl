# What `python -m bot imagine` says beside the paths of the pictures, and `python -m bot jobs`.

jobs-none = 还没有任何任务。
jobs-cancelled = 任务 { $id } 已取消；轮到它时，或机器人下次启动时，卡片会显示出来。
jobs-not-cancelled = 任务 { $id } 已结束，或正由运行中的机器人绘制，无法取消。

terminal-painting = 正在用 { $model }（{ $size }）绘制 { $n } 张图片…
terminal-done = 已生成 { $count } 张图片，用时 { $seconds } 秒。
