# /help, and the greeting in a server that added the bot.

help-title = ❔ 你可以在这里做什么
help-begin =
    输入 { $imagine }，说说想看到什么，就这么简单。

    { $imagine } · 画一到十张图片，也可以从你自己的图片开始
    { $history } · 查找你的请求，重新发布其中的图片
    { $usage } · 查看你剩余的点数
    { $preset_save } · 把一组选项存下来，用 { $preset_list } 查看
    { $preferences_defaults } · 设置你常用的模型和尺寸
    { $mydata_export } · 取得你的全部数据，用 { $mydata_delete } 删除

help-models-title = 模型，以及每张图片的点数
help-model = { $model } · { $credits ->
        [0] 免费
       *[other] { $credits } 点
    }
help-models-more = 以及另外 { $count } 个，输入时会列出
help-models-none = 目前这里没有可用的模型。

help-limits-title = 你的限额
help-limit = { $level } · { $left }
help-granted = { $credits } 点额外点数

# Two topics; more are joined one by one.
help-topics-joined = { $one }、{ $other }
help-topics-title = 更多说明
help-topics = { $topics }：用 { $help }，在 `topic` 中选择其一。

help-links-title = 链接
help-link-help = 帮助
help-link-privacy = 隐私

## /help topic: the names are offered as choices

help-topic-painting = 画图
help-topic-options = 选项
help-topic-references = 参考图
help-topic-results = 结果
help-topic-credits = 点数
help-topic-presets = 预设
help-topic-privacy = 隐私
help-topic-setup = 服务器设置

help-about-title =
    { $topic ->
        [painting] 🎨 画图
        [options] 🎛️ 选项
        [references] 🖼️ 参考图
        [results] 🔄 结果下方的按钮
        [credits] 🎟️ 点数
        [presets] 🔖 预设和风格
       *[privacy] 🔒 隐私
    }

help-about-painting =
    { $imagine } 接受任何语言的描述。先说画面里有什么，再说怎么画：光线、材质、气氛。

    消息会依次显示排队位置、进度和图片。等待时可以关掉 Discord，回来时消息还在。

    只有拿到的图片才会扣点数。请求还没有发给绘图服务时，“取消”是免费的；之后可以“不再等待”，画好的图片会出现在 { $history } 里。

    绘图服务可能拒绝某个提示词，这时不扣点数，换个说法再试即可。

help-about-options =
    除了提示词，{ $imagine } 的其他选项都可以留空。输入时列出的值取决于模型。

    `model` · 由哪个模型来画，选项里写着每张图片的点数
    `size` · 横图、竖图、方图，或 16:9 这样的宽高比
    `n` · 一次最多十张，每张都计点数
    `quality` · 越精细越慢，也可能更贵
    `style`、`background` · 部分模型支持
    `preset` · 存好的一组选项
    `seed`、`negative`、`strength` · 再画出同一张图、不要出现的内容、可以偏离参考图多少，部分模型支持
    `private`、`spoiler` · 结果只有你能看到，或遮住图片，点击后才显示

    用 { $preferences_defaults } 设置没有填写时使用的值。

help-about-references =
    在 { $imagine } 的 `reference1` 到 `reference5` 中最多附上五张图片，并在提示词里说明想怎么用，例如“把这只猫画成骑士”。

    `mask` 是与第一张图片同样大小的 PNG，只有透明的部分可以改动。

    结果下方的“参考”按钮会从那张图片开始。任何消息的菜单里也有“应用”→“用作参考图”。

    支持 20 MB 以内的 PNG、JPEG、WebP、GIF、AVIF、BMP 和 TIFF。不是每个模型都支持参考图，不支持时会告诉你哪些可以。

# Below the references, where something can do that.
help-blend = { $blend } 把两到五张图片融合成一张，不需要提示词。
help-swap = { $swap } 把一张图片里的脸换到另一张里，请先征得本人同意。
help-describe = { $describe } 会给出能画出类似图片的提示词，任何消息的菜单里也有“应用”→“描述图片”。只有你能看到，每个提示词都有一个按钮可以直接画。
help-improve = 表单中的“先只改进我的提示词”会给出更好的写法。
help-shorten = { $shorten } 会给出更短的提示词，画出来的图片差不多，每个提示词都有一个按钮可以直接画。

help-about-results =
    🔄 把同样的请求再画一次，谁按下或添加反应就扣谁的点数
    ✏️ 在表单里打开请求，改几个字再画
    🖼️ 把这张图片用作参考图
    ⬇️ 取得原始文件
    ℹ️ 查看这个请求的全部信息
    🙈 把图片遮住，或重新显示
    🔍，或多张下面的“选择一张图片…”：再画一张类似的、用作参考、放大，或单独发布
    🗑️ 删除消息，图片仍在 { $history } 里，除非运营者要求一并删除
    🚩 消息菜单里的“应用”→“举报”，告诉管理员和运营者它有什么问题

    只要消息还在，按钮就一直可用，机器人重启后也一样。

help-about-credits =
    每张图片需要一点或几点，取决于模型和画质。{ $usage } 会告诉你还剩多少、由哪个限额决定、什么时候恢复。

    管理员可以给所有人、身份组或某个人设置限额；你自己的限额优先于身份组的，身份组的优先于所有人的。额外点数最后使用，永不过期。

    失败不扣点数。如果很多请求可能让运营者付了费却没有图片，就需要等一段时间。

help-about-presets =
    { $preset_save } 把提示词和选项存在一个名称下。预设提示词中的 { "{prompt}" } 代表以后输入的内容：把“{ "{prompt}" }，水彩”存为“水彩”，再用提示词“一条小船”和预设“水彩”，画的就是“一条小船，水彩”。

    在 { $imagine } 的 `preset` 中选择，或用 { $preset_use }。{ $preset_list } 查看你的预设，{ $preset_delete } 删除一个。

    本服务器的风格也在同样的地方列出。如果有，{ $preset_list } 下方有按钮可以查看。

    你输入的优先于预设，预设优先于你的默认值。

help-about-privacy =
    你的提示词和参考图会发给机器人的运营者选择的绘图服务。图片和提示词会为 { $history } 保留一段时间。

    结果在频道里是公开的，除非选择 `private`；{ $preferences_private } 可以把它设为默认。

    服务器的管理员可以指定一个日志频道，管理人员在那里能看到谁请求了图片；如果开启，还能看到非私密请求的提示词。

    { $mydata_export } 把保存的全部数据打包给你，{ $mydata_delete } 会删除这些数据。

## For members who may manage the server

help-setup-title = 🛠️ 设置本服务器
help-setup =
    { $settings_show } · 所有设置一览
    { $quota_set } · 限制所有人、身份组或某个人的点数
    { $quota_show } · 限额、额外点数和禁止名单
    { $quota_cost } · 这里每张图片的点数
    { $quota_block } · 禁止某人画图
    { $settings_models_allow } · 可以使用哪些模型
    { $settings_channels_allow } · 在哪里可以画图
    { $settings_roles_allow } · 谁可以画图
    { $settings_defaults } · 没有填写时使用的值
    { $style_import } · 所有人都可以选择的风格
    { $settings_words_add } · 提示词中的禁用词
    { $settings_log } · 日志频道，记录请求和举报

    大家用“应用”→“举报”举报的结果，由有“管理消息”权限的成员在那里处理。

error-unknown-help-topic = 这里没有关于 { $topic } 的说明，请从这些主题中选择：{ $allowed }。

## The greeting in a server that added the bot

greeting-title = 👋 你好，{ $server }
greeting =
    我根据你们的文字和附上的图片来画图。

    { "**开始**" }：用 { $imagine }，说说想看到什么。
    { "**限制**" }：用 { $quota_set }，例如每人每天 5 点；{ $settings_show } 会显示现在的设置。
    { "**在哪里、谁可以画**" }：用 { $settings_channels_allow } 和 { $settings_roles_allow }。
    { "**更多**" }：{ $help }，所有人都可以看。
