# Under a result: buttons, the form that edits it, and its details.

## The buttons: short, so that three fit in one row on a phone; the delete button has only an emoji

control-again = 再画一次
control-edit = 编辑
control-use = 参考
control-original = 原图
control-details = 详情

# Under a job without pictures.
control-try-again = 再试一次

## The form: its title and labels have at most 45 characters, choices and their descriptions 100;
## the number of pictures, and what they cost with the model that is selected at first, stand under
## the label of the model, what they cost with each model under that

form-title-edit = 修改后再画
form-title-use = 用作参考图
form-prompt = 提示词
form-model = 模型
form-count = 画 { $count } 张图片：用 { $short_model } { $credits ->
        [0] 免费
       *[other] 需 { $credits } 点
    }
form-cost =
    { $credits ->
        [0] 免费
       *[other] { $credits } 点
    }
form-size = 尺寸
form-size-hint = 例如 16:9 或 1024x1024；留空则由模型决定
form-start = 以什么为基础
form-start-nothing = 只用提示词
form-start-references =
    { $count ->
        [1] 原来的参考图
       *[other] 原来的 { $count } 张参考图
    }
form-start-same-seed = { $start }，相同种子 { $seed }
form-start-picture = 这张图片
form-start-one-of = 第 { $number } 张图片
form-files = 更多参考图

# Shown when a form is refused, so that nobody has to type the prompt again.
form-your-words = 这是你写的内容，可以复制：

## One picture: chosen by a select under several, or 🔍 under one, and the buttons under it

picture-choose = 选择一张图片…
picture-title = 🖼️ 第 { $number } 张，共 { $total } 张
picture-hint-vary = 🎲 立即再画一张类似的
picture-hint-use = 🖼️ 先问要改什么
picture-hint-enlarge = 🔍 立即请绘图服务放大
picture-hint-resample = 🔍 只给你一个更大的文件，不增加细节
picture-hint-post = 📤 单独发到这里
action-label =
    { $face } · { $credits ->
        [0] 免费
       *[other] { $credits } 点
    }
action-mask = 蒙版
action-mask-hint = PNG 蒙版，与图片同样大小，透明处可以改动
picture-vary =
    变体 · { $credits ->
        [0] 免费
       *[other] { $credits } 点
    }
picture-vary-with =
    变体（{ $short_model }）· { $credits ->
        [0] 免费
       *[other] { $credits } 点
    }
picture-use =
    参考 · { $credits ->
        [0] 免费
       *[other] { $credits } 点
    }
picture-enlarge =
    放大 · { $credits ->
        [0] 免费
       *[other] { $credits } 点
    }
picture-enlarge-with =
    放大（{ $short_model }）· { $credits ->
        [0] 免费
       *[other] { $credits } 点
    }
picture-resample = 放大 2 倍（插值）· 免费
picture-resampled = 第 { $number } 张图片，宽和高都是原来的两倍：{ $width }×{ $height } 像素。这是在这里插值放大的，细节没有增加。
picture-post = 单独发出 · 免费
picture-posted = 已发出。

## The original files

original-too-large = 第 { $numbers } 张图片大小为 { $sizes }，超过 Discord 在这里允许的 { $limit } MB：请向机器人的运营者索取。

## Details: three columns of short lines, and a command

details-title = ℹ️ 详情

details-request = 请求
details-size-both = { $painted }（{ $asked }）
details-arrived = { $asked } 张中的 { $arrived } 张
details-option =
    { $option ->
        [quality] 画质
        [style] 风格
       *[background] 背景
    } { $value }
details-negative = 排除 { $value }
details-seeds = 种子 { $seeds }

details-ask-seed = 种子
details-seed-told = 这些图片的种子是 { $seeds }。
details-seeds-so-far = 目前已知的种子：{ $seeds }。绘图服务还没有提供其余的种子，请过几分钟再问一次。

details-work = 绘制
details-waited = 排队 { $waited_ms }
details-painted = 绘制 { $painted_ms }
details-tokens = { $input } → { $output } 个 token
details-gateway = 由 { $gateways } 绘制

details-origin = 来源
details-created = { $created_at }
details-parent = 来自[之前的结果]({ $link })

details-command = 可粘贴的命令

## Deleting

delete-some-left = 有 { $count } 条消息无法删除，请联系有“管理消息”权限的成员删除。

# The question before: asked where others reacted or replied, or of a moderator.
delete-question-own = 其他人对这个结果有过回应或回复。要为所有人删除吗？
delete-question-other = 这不是你的结果，而是 { $name } 请求的。要为所有人删除吗？
delete-kept-own = 图片仍保存在你的 `/history` 里，{ $deleted_at }才会清除。
delete-kept-other = 图片仍保存在 { $name } 的 `/history` 里，{ $deleted_at }才会清除。
delete-yes = 删除
delete-no = 保留
