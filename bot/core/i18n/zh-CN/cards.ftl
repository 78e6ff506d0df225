# What stands on a card in Discord. $name is the display name of the person who asked.

## The first line of each card

card-title-queued = ⏳ { $name } 的图片正在排队
card-title-painting = 🎨 正在为 { $name } 绘制
card-title-result =
    { $count ->
        [1] 🖼️ { $name } 的图片
       *[other] 🖼️ { $name } 的 { $count } 张图片
    }
card-title-failed = ⚠️ { $name } 的图片没有画成
card-title-cancelled = ⏹️ { $name } 的请求已停止
card-title-unknown = ❔ { $name } 的图片没有画成

card-title-more = 🖼️ 第 { $first } 至 { $last } 张，共 { $total } 张
card-title-again =
    { $count ->
        [1] 🖼️ { $name } 历史记录中的图片
       *[other] 🖼️ { $name } 历史记录中的 { $count } 张图片
    }

card-someone = 某人

## Lines under the prompt

card-starting = 马上开始
card-ahead =
    { $ahead ->
        [0] 下一个就轮到
       *[other] 前面还有 { $ahead } 个
    } · 大约 { $minutes ->
        [0] { $seconds } 秒
       *[other] { $minutes } 分钟
    }
card-asked = 请求于 { $asked_at }
card-progress-said = { $bar } { $percent }%
card-progress-about = { $bar } 约 { $percent }%
card-progress-overdue = { $bar } 比平时久
card-started = 开始于 { $started_at }
card-still = 仍在绘制，开始于 { $started_at }
card-usual = 这个模型通常需要 { $usual_ms }
card-done = 已完成 { $done }/{ $total }
card-revised = 模型理解为
card-shortfall = 请求了 { $asked } 张图片，实际得到 { $arrived } 张。
card-prompt-withheld = 这里不再显示提示词；只有你自己知道输入了什么。
card-shown-as-webp = 以 WebP 格式显示：原图太大，无法发到这个频道。
card-more = 还有 { $count } 张图片，见下一条消息。
card-kept = 图片无法发到这里，但已为你保存：用 `/history` 可以重新发布。
card-left-none = 点数暂时用完了，{ $frees_at }恢复。

## The button under a card that waits

card-cancel = 取消
card-stop-waiting = 不再等待

## The line of facts at the bottom; width and height come as words, so that 1024 has no comma

card-size = { $width }×{ $height }
card-count = { $count } 张图片
card-references = { $count } 张参考图
card-took = { $took_ms }
card-credits = { $credits } 点
card-left = { $period ->
        [hour] 本小时
        [day] 今天
        [week] 本周
       *[month] 本月
    }剩余 { $credits }/{ $limit } 点

duration =
    { $minutes ->
        [0] { $seconds } 秒
       *[other] { $minutes } 分 { $seconds } 秒
    }

## What a screen reader says of a picture

card-alt =
    { $of ->
        [1] 图片：{ $prompt }
       *[other] 第 { $index } 张图片，共 { $of } 张：{ $prompt }
    }
card-alt-withheld =
    { $of ->
        [1] 图片
       *[other] 第 { $index } 张图片，共 { $of } 张
    }

## One line beside the card, for its requester alone: $mention names them

notice-ready = { $mention } 你的图片画好了。
notice-ended = { $mention } 这次没有画成，原因写在卡片上。
notice-card-gone = { $mention } 卡片无法显示图片，所以发在这里。
notice-answer-closed =
    { $mention } 你的图片在这里：Discord 已不再接受原处的回复；`/history` 里也有。
