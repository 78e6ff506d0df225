# /mydata: what the bot keeps of one person.

mydata-none = 这里没有你的数据：你还没有请求过图片，或者已经让机器人删除了。

mydata-archive = 这是为你保存的内容：{ $jobs } 个请求和 { $files } 张图片。
mydata-files-left-out = 有 { $count } 张图片装不进 Discord 允许的一个文件；`jobs.json` 列出了它们，用 `/history` 可以重新发布。
mydata-jobs-left-out = 你最早的 { $count } 个请求也装不下：请向机器人的运营者索取。

mydata-readme =
    Easel 为你保存的内容

    jobs.json     你请求了什么（你的原话），以及结果如何
    charges.json  花了多少点数；40 天以前的扣费不再逐笔保存
    customs.json  你的偏好和预设（如果有）
    pictures/     你得到的图片和你上传的图片（仍在保存期内的）

    时间均为 UTC。jobs.json 中的每张图片都注明：在这个文件里，因文件对 Discord 来说太大而没有放入，
    或已不再保存。
    /usage 显示你的限额，/mydata delete 删除这里的内容。

mydata-ask =
    这会删除你在所有服务器请求过的一切：你的提示词、你上传的图片、为你保存的图片、你的预设和偏好。你用掉的点数仍然计算在内，但记在一个编号下，而不是你的名字；管理员为你设置的限额、额外点数和禁令会保留。频道里的消息（你可以在那里删除）、别人用 🔄 重绘的图片以及运营者的备份也会保留。删除后无法恢复：请先用 `/mydata export` 留一份副本。
mydata-confirm = 删除我的数据
mydata-deleted =
    { $jobs ->
        [0] 已经没有你的数据可删除了。
       *[other] 已完成：{ $jobs } 个请求及其图片都已删除。
    }

error-still-at-work = 你还有 { $count } 个请求未完成，请等它们结束，或对排队中的按下“取消”，然后再次确认。

error-confirmed-too-late = 这个问题提出太久，已经失效，请用 `/mydata delete` 重新发起。
error-archive-not-taken = Discord 暂时不接收你的数据文件，请过几分钟再试。
