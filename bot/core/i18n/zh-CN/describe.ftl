# /describe and /shorten: prompts that are proposed, each with a button that paints it.

describe-title = 🔎 这张图片的提示词
shorten-title = ✂️ 更短的提示词
suggestion-cost =
    { $credits ->
        [0] 本次免费；每个按钮画其中一个
       *[other] 本次花费 { $credits } 点；每个按钮画其中一个
    }
# The label of a button.
suggestion-paint =
    画第 { $number } 个 · { $credits ->
        [0] 免费
       *[other] { $credits } 点
    }

## A better prompt, asked for in a form

form-improve = 先只改进我的提示词
form-improve-cost =
    给出新的提示词，暂不绘图 · { $credits ->
        [0] 免费
       *[other] { $credits } 点
    }
improve-title = ✨ 更好的提示词
improve-cost =
    { $credits ->
        [0] 本次免费；提交表单之前不会画任何图片
       *[other] 本次花费 { $credits } 点；提交表单之前不会画任何图片
    }
improve-take = 在表单中使用
improve-leave = 保留我的提示词

## Errors

error-text-declined = 文字服务拒绝了这个请求，请换一张图片或换个说法；没有扣点。

error-text-busy = 文字服务暂时没有回应，请过几分钟再试；没有扣点。

error-text-misconfigured = 文字服务不接受机器人的请求，请告诉机器人的运营者；没有扣点。

error-text-unusable = 文字服务没有给出提示词，请再试一次，或换一张图片、换个说法；没有扣点。

error-text-in-doubt = 与文字服务的连接中断了，请再试一次；没有扣点。

error-suggestion-gone = 这些建议已不再保存，请用 `/imagine` 写你自己的提示词。

error-suggestion-of-another = 只有提出请求的人才能画这些建议，请用 `/imagine` 写你自己的提示词。

error-seed-unknown = 绘图服务不提供这些图片的种子，请在下一个提示词里写上你自己的种子，例如 `--seed 5`；没有扣点。

error-seed-later = 绘图服务暂时不提供种子，请过几分钟再试；没有扣点。
