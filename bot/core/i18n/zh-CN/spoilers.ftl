# 结果下方的按钮：把图片设为剧透（点击后才显示），或重新显示。

error-not-marked = 这条消息的图片暂时无法更改，请稍后再试。

error-not-yours-to-mark = 只有请求的人和拥有“管理消息”权限的成员可以隐藏或显示图片，请联系他们。

error-hidden-by-moderator = 这些图片是拥有“管理消息”权限的成员隐藏的，如需重新显示，请联系他们。

spoiler-some-left = 有 { $count } 条消息无法更改，请按那些消息下方的按钮。

custom-spoiler = 剧透
custom-spoiler-is =
    { $spoiler ->
        [yes] 图片会隐藏，点击后才显示
       *[no] 图片直接显示
    }
