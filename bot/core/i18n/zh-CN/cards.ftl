# The message of a job in Discord (its card). $name is the display name of the requester.

## The first line of each state

card-title-queued = ⏳ { $name } 的图片正在排队
card-title-painting = 🎨 正在为 { $name } 绘制
card-title-result =
    { $count ->
        [1] 🖼️ { $name } 的图片
       *[other] 🖼️ { $name } 的 { $count } 张图片
    }
card-title-failed = ⚠️ { $name } 的图片没有画成
card-title-cancelled = ⏹️ { $name } 的请求已停止
card-title-unknown = ❔ { $name } 的请求结果不明

card-title-more = 🖼️ 第 { $first } 至 { $last } 张，共 { $total } 张
card-title-again =
    { $count ->
        [1] 🖼️ { $name } 历史记录中的图片
       *[other] 🖼️ { $name } 历史记录中的 { $count } 张图片
    }
card-title-alone = 🖼️ { $name } 的第 { $number } 张图片，共 { $total } 张

card-someone = 某人

## Lines under the prompt

card-starting = 马上开始
card-ahead =
    { $ahead ->
        [0] 下一个就轮到你
       *[other] 前面还有 { $ahead } 个
    } · 大约 { $minutes ->
        [0] { $seconds } 秒
       *[other] { $minutes } 分钟
    }
card-asked = { $asked_at }提交
card-progress-said = { $bar } { $percent }%
card-progress-about = { $bar } 约 { $percent }%
card-progress-overdue = { $bar } 比平时慢
card-started = { $started_at }开始
card-still = 仍在绘制（{ $started_at }开始）
card-usual = 这个模型通常需要 { $usual_ms }
card-done = 已完成 { $done }/{ $total }
card-revised = 模型修改后的提示词
card-shortfall = 请求了 { $asked } 张图片，实际得到 { $arrived } 张。
card-nearest-size = 你要的是 { $ratio }，这个模型最接近的尺寸是 { $size }。
card-flags-left-out = { $flags } 对这个模型没有意义，已略去。
card-prompt-withheld = 这里不显示提示词。
card-posted-by = 由 { $name } 发出
card-shown-as-webp = 以 WebP 格式显示：原图太大，无法发到这个频道。
card-left-out = 有 { $count } 张图片无法显示在这里，也没有扣点数，请重新请求，或选择小一些的尺寸。
card-more = 还有 { $count } 张图片，见下一条消息。
card-left-out-kept = 有 { $count } 张图片无法显示在这里，但已为你保存：请用 `/history` 查看。
card-kept = 结果无法发到这里，但已为你保存：请用 `/history` 查看。
card-elsewhere = 结果发在了另一条消息里，因为 Discord 没有接受在这里显示。
card-left-none = 点数已用完，{ $frees_at }开始恢复。

## The button under a job that is queued or running

card-cancel = 取消
card-stop-waiting = 不再等待

## The line of facts at the bottom; width and height are strings, so that 1024 gets no comma

card-size = { $width }×{ $height }
card-count = { $count } 张图片
card-references = { $count } 张参考图
card-operation =
    { $operation ->
        [blend] { $count ->
            [0] 融合图片
           *[other] 融合 { $count } 张图片
        }
        [upscale] { $number ->
            [none] 放大图片
           *[other] 放大第 { $number } 张
        }
       *[swap] 换脸
    }
card-seed = 种子 { $seed }
card-negative = 排除 { $negative }
card-strength = 强度 { $strength }%
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

## Alternative texts for screen readers

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

## Notices: one more message that only mentions the requester, $mention

notice-ready = { $mention } 你的图片画好了。
notice-ended = { $mention } 这次没有画成，原因见卡片。
notice-card-gone = { $mention } 卡片无法更新，图片发在这里。
notice-answer-closed =
    { $mention } Discord 已不能再回复你的命令，图片发在这里；`/history` 里也有。
