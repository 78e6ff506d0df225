# Descriptions of commands and options: at most 100 characters. What people type stays English.

## /imagine, /usage, /history and /help

command-imagine = 根据文字描述生成图片
    .prompt = 想画什么
    .model = 绘图模型
    .size = 尺寸或宽高比，例如 16:9 或 1024x1024
    .n = 图片张数
    .quality = 画质，例如 high
    .style = 模型的风格选项，例如 vivid
    .background = 背景，例如 transparent
    .seed = 随机种子：种子相同，画出的图也相同（需模型支持）
    .negative = 画面里不要出现的内容（需模型支持）
    .strength = 结果可以偏离参考图多少，1 到 100（百分比）
    .preset = 用 /preset 保存的预设，或本服务器的风格
    .reference1 = 第一张参考图
    .reference2 = 第二张参考图
    .reference3 = 第三张参考图
    .reference4 = 第四张参考图
    .reference5 = 第五张参考图
    .mask = PNG 蒙版，与第一张参考图同样大小，透明处可以改动
    .private = 结果只有你能看到
    .spoiler = 隐藏图片，点击后才显示
command-describe = 得到四个提示词，能画出与你的图片相似的图片；只有你能看到
    .picture = 要描述的图片
command-blend = 把两到五张图片融合成一张
    .picture1 = 第一张图片
    .picture2 = 第二张图片
    .picture3 = 第三张图片
    .picture4 = 第四张图片
    .picture5 = 第五张图片
    .model = 图像模型
    .size = 结果的宽高比，例如 2:3
    .private = 结果只有你能看到
    .spoiler = 隐藏图片，点击后才显示
command-swap = 把一张图片里的脸换到另一张里；请先征得本人同意
    .face = 有这张脸的图片
    .picture = 要换脸的图片
    .model = 图像模型
    .private = 结果只有你能看到
    .spoiler = 隐藏图片，点击后才显示
command-shorten = 得到能画出差不多图片的更短提示词；只有你能看到
    .prompt = 要缩短的提示词
command-usage = 查看你的限额、剩余点数和最近的请求
command-history = 查看和查找你的请求，并重新发布其中的图片
    .model = 只看这个模型画的
    .text = 只看提示词里有这些文字的
command-help = 查看你可以在这里做什么，以及怎么做
    .topic = 要说明的主题；留空则显示概览

## /settings

command-settings = 设置 Easel 在本服务器的使用方式
command-settings-models = 设置本服务器可用的模型
command-settings-models-allow = 允许一个模型；一旦允许了一个，其余的都不能用
    .model = 允许使用的模型；没有允许过的不能用
command-settings-models-remove = 从允许列表移除一个模型；列表清空后，所有模型都可用
    .model = 不再允许使用的模型
command-settings-models-all = 允许所有模型
command-settings-channels = 设置可以画图的频道
command-settings-channels-allow = 允许在一个频道画图；一旦允许了一个，其他频道都不能画
    .channel = 频道，包括它的子区；选择类别则包括其下所有频道
command-settings-channels-remove = 从允许列表移除一个频道；列表清空后，所有频道都可用
    .channel = 不再画图的频道
command-settings-channels-all = 允许在所有频道画图
command-settings-roles = 设置谁可以在本服务器画图
command-settings-roles-allow = 允许一个身份组画图；一旦允许了一个，其他人都不能画
    .role = 可以画图的身份组
command-settings-roles-remove = 从允许列表移除一个身份组；列表清空后，所有人都可以画
    .role = 不再允许画图的身份组
command-settings-roles-all = 允许所有人画图
command-settings-show = 查看本服务器的设置
command-settings-defaults = 设置默认的模型、尺寸和张数
    .model = 默认模型
    .size = 该模型的默认尺寸
    .n = 默认张数
    .spoiler = 隐藏图片，点击后才显示
command-settings-controls = 设置谁可以使用结果下方的按钮和反应
    .who = 谁可以使用结果下方的按钮和反应
command-settings-emojis = 设置结果下方可用的表情反应
    .reroll = 用来再画一次的表情
    .delete = 用来删除的表情
command-settings-moderation = 设置模型审核的严格程度（仅限支持调节的模型）
    .level = 审核提示词和图片的严格程度
command-settings-language = 设置本服务器公开消息的语言
    .language = 所有人都能看到的消息的语言
command-settings-words = 设置提示词中的禁用词
command-settings-words-add = 添加提示词中的禁用词，换种写法也能识别
    .words = 词或短语，用逗号分隔
command-settings-words-remove = 移除一个禁用词，提示词中又可以使用
    .word = 要重新允许的词
command-settings-words-list = 以文件形式查看本服务器的禁用词
command-settings-log = 选择一个频道，记录谁请求了图片，以及删除和举报
    .channel = 供管理员查看的文字频道或子区
    .prompts = 是否在那里显示提示词；默认关闭
command-settings-reset = 重置本服务器的设置
    .what = 要重置的设置

## /preferences

command-preferences = 设置你自己使用 Easel 的偏好
command-preferences-show = 查看你的偏好
command-preferences-defaults = 设置你的默认模型、尺寸、张数和画质
    .model = 默认模型
    .size = 该模型的默认尺寸
    .n = 默认张数
    .quality = 默认画质
command-preferences-language = 设置只有你能看到的消息的语言
    .language = 只有你能看到的消息的语言
command-preferences-private = 设置别人能否看到你的结果
    .private = 你的结果只有你能看到
command-preferences-spoiler = 设置是否把你的图片作为剧透隐藏
    .spoiler = 隐藏你的图片，点击后才显示
command-preferences-ping = 设置机器人能否提及你
    .ping = 图片耗时较长时提及你
command-preferences-reset = 重置你的偏好；预设会保留
    .what = 要重置的偏好

## /preset

command-preset = 保存常用的选项，方便再次使用
command-preset-save = 把一组选项保存为预设
    .name = 预设的名称；同名的旧预设会被替换
    .prompt = 提示词；{ "{prompt}" } 代表使用预设时输入的内容
    .model = 绘图模型
    .size = 尺寸或宽高比，例如 16:9 或 1024x1024
    .n = 图片张数
    .quality = 画质，例如 high
    .style = 模型的风格选项，例如 vivid
    .background = 背景，例如 transparent
    .seed = 随机种子：种子相同，画出的图也相同（需模型支持）
    .negative = 画面里不要出现的内容（需模型支持）
    .strength = 结果可以偏离参考图多少，1 到 100（百分比）
command-preset-use = 用预设画图
    .name = 要使用的预设
    .prompt = 想画什么；会填入预设中的 { "{prompt}" }
command-preset-list = 查看你保存的预设
command-preset-delete = 删除一个预设
    .name = 要删除的预设

## /style

command-style = 为本服务器的所有人提供风格
command-style-save = 保存一个风格，所有人都可以在 preset 中选择
    .name = 风格的名称；同名的旧风格会被替换
    .prompt = 提示词；{ "{prompt}" } 代表大家输入的内容
    .model = 绘图模型
    .size = 尺寸或宽高比，例如 16:9 或 1024x1024
    .n = 图片张数
    .quality = 画质，例如 high
    .style = 模型的风格选项，例如 vivid
    .background = 背景，例如 transparent
    .negative = 画面里不要出现的内容（需模型支持）
    .strength = 结果可以偏离参考图多少，1 到 100（百分比）
    .example = 在列表中展示这个风格的图片
command-style-list = 查看本服务器的风格
command-style-delete = 删除本服务器的一个风格
    .name = 要删除的风格
command-style-import = 保存文件中的所有风格，或 Easel 自带的风格
    .file = 用 /style export 导出的文件；留空则使用 Easel 自带的风格
command-style-export = 把本服务器的风格导出为文件

## /quota

command-quota = 设置大家在本服务器可以使用多少点数
command-quota-usage = 按天查看用掉的点数
    .user = 要查看的人；留空则查看整个服务器
    .days = 最近多少天，1 到 90；留空为 30
command-quota-export = 把本服务器的每笔扣费导出为表格
    .days = 最近多少天，1 到 40；留空为 30
command-quota-audit = 查看谁改了什么，最新的在前
command-quota-cost = 设置本服务器每张图片的点数，或查看价目表
    .model = 模型；全部留空则查看价目表
    .quality = 画质；留空则不限
    .credits = 每张图片的点数；留空则恢复默认
command-quota-set = 限制某人、某身份组、所有人或整个服务器的点数
    .credits = 点数；0 表示不能画图
    .per = 限额的周期
    .user = 要限制的人；此项与 role、whole_server 都留空则为所有人
    .role = 拥有该身份组的每个人
    .whole_server = 所有人合计，而不是每人分别计算
command-quota-unlimited = 取消某人、某身份组或所有人的个人限额
    .user = 要取消限额的人；此项与 role、whole_server 都留空则为所有人
    .role = 拥有该身份组的每个人
    .whole_server = 所有人合计，而不是每人分别计算
command-quota-remove = 移除在本服务器设置的限额
    .per = 限额的周期；留空则移除全部
    .user = 要移除谁的限额；此项与 role、whole_server 都留空则为所有人的
    .role = 要移除哪个身份组的限额
    .whole_server = 所有人合计的限额
command-quota-show = 查看本服务器的限额
command-quota-grant = 给某人永不过期的额外点数
    .user = 得到点数的人
    .credits = 额外点数
    .reason = 原因，会写入变更记录
command-quota-reset = 清零某人在自己限额中的用量
    .user = 要清零用量的人
command-quota-block = 禁止某人在本服务器画图
    .user = 要禁止的人
    .reason = 原因；对方会看到
command-quota-unblock = 重新允许某人在本服务器画图
    .user = 要重新允许的人

## /mydata

command-mydata = 你自己的数据：导出或删除
command-mydata-export = 把你的请求、扣费和图片打包为只有你能看到的 ZIP
command-mydata-delete = 确认后删除你的请求、提示词和图片

## /operator

command-operator = 仅供机器人的运营者使用
command-operator-block = 在所有服务器中禁止一个人画图
    .person = 此人的 ID 或提及
    .reason = 理由；对方能看到
command-operator-unblock = 解除这种禁止；各服务器管理员的决定不变
    .person = 此人的 ID 或提及
command-operator-blocks = 列出在所有服务器中被禁止的人

## Context menus, by their names: at most 32 characters

menu-use-as-reference = 用作参考图
menu-describe = 描述图片
menu-report = 举报

## Choices, by their values

command-choice-anyone = 任何人
command-choice-requester = 仅请求图片的人
command-choice-operator = 运营者的默认值
command-choice-auto = auto：模型的常规标准
command-choice-low = low：较宽松（仅限支持调节的模型）
command-choice-defaults = 默认值
command-choice-emojis = 表情
command-choice-language = 语言
command-choice-words = 禁用词
command-choice-log = 日志
command-choice-everything = 全部
command-choice-hour = 小时
command-choice-day = 天
command-choice-week = 周
command-choice-month = 月
