# /mydata: the data that the bot stores about one person.

mydata-none = 没有保存你的任何数据：你还没有请求过图片，或者已经删除了数据。

mydata-archive = 这是机器人保存的你的数据：{ $jobs } 个请求和 { $files } 张图片。
mydata-files-left-out = 有 { $count } 张图片超出了 Discord 允许的文件大小，没有放入；`jobs.json` 列出了它们，用 `/history` 可以重新发布。
mydata-jobs-left-out = 你最早的 { $count } 个请求也没有放入：请向机器人的运营者索取。

mydata-readme =
    Easel 保存的你的数据

    jobs.json     你请求了什么（你的原话），以及结果如何
    charges.json  花了多少点数；40 天以前的扣费不再逐笔保存
    texts.json    /describe 给你的建议，以及你让它改进的提示词（如果有）
    customs.json  你的偏好和预设（如果有）
    pictures/     你得到的图片和你上传的图片（如果仍在保存）

    时间均为 UTC。jobs.json 中的每张图片都注明：在这个文件里，因文件对 Discord 来说太大而没有放入，
    或已不再保存。
    /usage 显示你的限额，/mydata delete 删除这里的内容。

mydata-ask =
    这会删除你在所有服务器请求过的一切：你的提示词、你上传的图片、为你保存的图片、你的预设和偏好。你用掉的点数仍然计算在内，但记在一个编号下，而不是你的名字。以下内容会保留：管理员为你设置的限额、额外点数和禁令，频道里的消息（你可以自己删除），别人用 🔄 再画的图片，以及运营者的备份。删除后无法恢复：请先用 `/mydata export` 留一份副本。
mydata-confirm = 删除我的数据
mydata-deleted =
    { $jobs ->
        [0] 已经没有你的数据可删除了。
       *[other] 已完成：{ $jobs } 个请求及其图片都已删除。
    }

error-still-at-work = 你还有 { $count } 个请求未完成，请等它们结束，或取消仍在排队的请求，然后再次确认。

error-confirmed-too-late = 确认已超时，请用 `/mydata delete` 重新开始。
error-archive-not-taken = Discord 暂时不接收你的数据文件，请过几分钟再试。
