# /settings, /preferences and /preset.

## Access rules. $channel, $another and $role are ids.

error-channel-not-allowed =
    { $channel ->
        [none] 本服务器允许画图的频道都已被删除，请联系管理员用 /settings channels 重新选择。
       *[other] 这个频道不能画图，请前往 <#{ $channel }>{ $another ->
            [none] {""}
           *[other] {" "}或 <#{ $another }>
        }。
    }

error-role-not-allowed =
    { $role ->
        [none] 本服务器允许画图的身份组都已被删除，请联系管理员用 /settings roles 重新选择。
       *[other] 只有拥有身份组 <@&{ $role }>{ $another ->
            [none] {""}
           *[other] {" "}或 <@&{ $another }>
        } 的成员可以在这里画图，请向本服务器的管理员申请。
    }

error-model-not-allowed =
    { $allowed ->
        [none] 本服务器允许的模型都已下线，请联系管理员用 /settings models 重新选择。
       *[other] 本服务器不允许使用 { $model }，请从这些模型中选择：{ $allowed }。
    }

error-controls-not-yours = 在本服务器，只有请求图片的人可以这样操作，请用 /imagine 自己画一张。

## Emojis

error-not-an-emoji = { $emoji } 不是这里能用的表情，请选择 Discord 自带的表情或本服务器的表情。

error-same-emoji = “再画一次”和“删除”不能用同一个表情，请选择两个不同的。

## Presets

error-preset-name-empty = 这个名称没有可见的字符，请换一个名称。

error-preset-name-too-long = 名称最多 { $limit } 个字符，请换一个短一点的。

error-no-such-preset = 你没有名为 { $name } 的预设，请从 /preset list 中选择。

error-presets-full = 你已有 { $limit } 个预设，达到上限，请先用 /preset delete 删除一个。

## Settings and preferences

error-nothing-chosen = 没有填写任何选项，请至少填写一项。

error-not-on-the-list = { $name } 不在允许列表中，请用 /settings show 查看列表。

error-unknown-language = 机器人还不支持 { $language }，请从这些语言中选择：{ $allowed }。

custom-title =
    { $of ->
        [server] ⚙️ 本服务器的设置
       *[person] ⚙️ 你的偏好
    }
custom-title-changed =
    { $of ->
        [server] ✅ 已保存：本服务器的设置
       *[person] ✅ 已保存：你的偏好
    }

custom-defaults = 默认值
custom-defaults-are = { $model } · { $size } · { $n } 张图片{ $quality ->
        [none] {""}
       *[other] {" · "}{ $quality }
    }

# The name of this language, in this language.
language-name = 简体中文

custom-language = 语言
custom-language-of =
    { $language ->
        [none] 与 Discord 相同
       *[other] { $language }
    }

custom-models = 模型
custom-channels = 频道
custom-roles = 身份组
custom-all =
    { $of ->
        [models] 所有模型
        [channels] 所有频道
       *[roles] 所有人
    }
custom-empty =
    { $of ->
        [models] ⚠️ 没有人能画图：允许的模型都已下线。请用 /settings models 重新选择。
        [channels] ⚠️ 没有人能画图：允许的频道都已被删除。请用 /settings channels 重新选择。
       *[roles] ⚠️ 没有人能画图：允许的身份组都已被删除。请用 /settings roles 重新选择。
    }
custom-more = 以及另外 { $count } 个

custom-controls = 结果下方的按钮和反应
custom-controls-of =
    { $who ->
        [requester] 仅请求图片的人可用
       *[anyone] 任何人都可用
    }

custom-emojis = 表情
custom-emojis-are = { $reroll } 再画一次 · { $delete } 删除

custom-moderation = 审核
custom-moderation-is =
    { $level ->
        [none] 运营者的默认值
       *[other] { $level }
    }
custom-moderation-deaf = 对 { $models } 不起作用。

custom-words = 禁用词
custom-words-are =
    { $count ->
        [0] 无
       *[other] { $count } 个
    }
words-added =
    { $added ->
        [0] 这些词之前就已禁用。
       *[other] 新禁用了 { $added } 个。
    }本服务器共有 { $count } 个禁用词，可用 `/settings words list` 查看。
words-removed =
    提示词中又可以使用 **{ $word }** 了。{ $count ->
        [0] 现在没有禁用词。
       *[other] 还有 { $count } 个禁用词。
    }
words-none = 本服务器没有禁用词，可用 `/settings words add` 添加。
words-listed = 本服务器的提示词不能包含这 { $count } 个禁用词。只有你能看到这条消息。

custom-private = 结果
custom-private-is =
    { $private ->
        [yes] 只有你能看到
       *[no] 频道里的所有人都能看到
    }
custom-ping = 提及
custom-ping-is =
    { $ping ->
        [yes] 图片耗时较长时会提及你
       *[no] 从不提及你
    }

## /settings show

custom-limits = 限额
custom-limits-more = 以及身份组或个人的另外 { $count } 项
custom-costs = 点数
custom-costs-are =
    { $count ->
        [0] 运营者的默认值
       *[other] 在这里设置了 { $count } 项，其余为运营者的默认值
    }
settings-areas = 查看全部…
settings-area-limits = 所有限额、额外点数和禁止名单
settings-area-costs = 每张图片的点数
settings-area-changes = 谁改了什么
settings-area-models = 可以使用的模型
settings-area-channels = 可以画图的频道
settings-area-roles = 可以画图的身份组
settings-area-styles = 本服务器的风格

choice-default = { $name } · 默认

preset-saved = 已保存为 **{ $name }**。用 /preset use 使用，或在 /imagine 的 preset 选项中选择。
preset-replaced = 已保存为 **{ $name }**，原来的同名预设已被替换。
preset-deleted = **{ $name }** 已删除。

preset-list-title =
    { $count ->
        [0] 🔖 你的预设
       *[other] 🔖 你的预设（{ $count } 个）
    }
preset-list-none = 你还没有预设。请用 `/preset save` 保存常用的选项。
preset-list-page = 第 { $page } 页，共 { $pages } 页
preset-list-n = { $n } 张图片

## Styles of a server. $command is the mention of /imagine.

# What marks a style among the choices of preset.
style-mark = 服务器风格
style-open = 本服务器的风格
style-none = 还没有
custom-styles = 风格

style-saved = 已保存为 **{ $name }**。现在所有人都可以在 { $command } 的 `preset` 中选择它。
style-replaced = 已保存为 **{ $name }**，原来的同名风格已被替换。
style-deleted = 风格 **{ $name }** 已删除。
style-imported = 已保存 { $count } 个风格{ $replaced ->
        [0] 。
       *[other] ，其中 { $replaced } 个替换了原来的同名风格。
    }本服务器的所有人现在都可以在 `/imagine` 的 `preset` 中选择。
style-exported = { $count } 个风格，不包括示例图片。在其他服务器可以用 `/style import` 保存。

style-list-title =
    { $count ->
        [0] 🖌️ 本服务器的风格
       *[other] 🖌️ 本服务器的风格（{ $count } 个）
    }
style-list-how = 在 `/imagine` 的 `preset` 中选择其一：你输入的内容会代替“{ "{prompt}" }”。
style-list-none = 这里还没有风格。可以管理服务器的成员可以用 `/style save` 保存，或用 `/style import` 开始。
style-example-alt = 风格 { $name } 的示例

error-style-without-placeholder = 风格 { $name } 的提示词没有留出大家输入内容的位置，请在那里写上花括号括起来的 prompt。

error-style-prompt-too-long = 风格 { $name } 的提示词有 { $length } 个字符，最多 { $limit } 个，请缩短一些。

error-no-such-style = 本服务器没有名为 { $name } 的风格，请从 /style list 中选择。

error-no-styles = 本服务器还没有风格，请先用 /style save 或 /style import 保存。

error-styles-full = 一个服务器最多可以有 { $limit } 个风格，请先用 /style delete 删除一些。

error-styles-file-too-large = 文件大于 { $limit } MB，请拆成几个。

error-styles-file-unreadable = 这个文件不是可以读取的风格列表，请使用 /style export 导出的文件。

error-styles-file-unknown-field =
    { $number ->
        [0] 文件中有未知的字段 { $field }，请删除它。
       *[other] 文件中第 { $number } 个风格有未知的字段 { $field }，请删除它，或改正名称。
    }

error-styles-file-wrong-field =
    { $number ->
        [0] { $field ->
                [none] 这个文件不是风格列表，请使用 /style export 导出的文件。
               *[other] 文件的字段 { $field } 缺失或有误，请对照 /style export 导出的文件。
            }
       *[other] { $field ->
                [none] 文件中第 { $number } 个风格的写法有误，请对照 /style export 导出的文件。
               *[other] 文件中第 { $number } 个风格的字段 { $field } 缺失或有误，请改正。
            }
    }

error-style-twice = 文件中有两个名为 { $name } 的风格，请给其中一个改名。

error-style-not-paintable = 这里没有模型能按风格 { $name } 的选项画图，请在文件中改正或删除这些选项。

error-example-too-large = 示例图片大于 { $limit } MB 或像素太多，请换一张小一点的。

error-example-unreadable = 示例图片无法读取，请附上 PNG、JPEG、WebP、GIF、AVIF、BMP 或 TIFF 文件。
