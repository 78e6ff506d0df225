# One sentence for every error: what happened, and what to do next. Kind, without jargon or blame;
# never a key, a host or a gateway's own words. The classes of the errors say what each fact is.

## Parts that several sentences share

period-each =
    { $period ->
        [hour] 每小时
        [day] 每天
        [week] 每周
       *[month] 每月
    }

limit-credits = { period-each } { $limit } 点

limit-of =
    { $level ->
        [user] 你自己的限额
        [role] 你的身份组的限额
        [everyone] 这里所有人的限额
        [default] 默认限额
        [server] 本服务器合计的限额
        [server-quota] 运营者给本服务器的上限
        [budget] 运营者的预算
       *[total] 运营者给所有服务器的上限
    }

limit-keeper =
    { $level ->
        [default] 机器人的运营者
        [server-quota] 机器人的运营者
        [total] 机器人的运营者
        [budget] 机器人的运营者
       *[other] 本服务器的管理员
    }

# What it cost. $money is back: nothing; part: other pictures arrived.
money-back =
    { $money ->
        [part] 缺少的图片不收点数
       *[back] 点数已退还给你
    }

money-doubt =
    { $money ->
        [part] 缺少的图片不收点数
       *[back] 没有扣你的点数
    }

## The options of /imagine

error-prompt-empty = 提示词是空的，请写下想画什么。

error-prompt-too-long = 你的提示词有 { $length } 个字符，而 { $model } 最多接受 { $limit } 个，请缩短一些。

error-forbidden-text = 你的请求里有机器人的运营者禁止的内容，请修改提示词或预设；没有扣点数。

error-forbidden-text-here = 你的请求里有本服务器的管理员禁止的内容，请修改提示词或预设；没有扣点数。

error-text-not-checked = 未能及时检查你的提示词，请缩短一些或稍后再试；没有扣点数。

error-server-words-full = 一个服务器最多禁用 { $limit } 个词，请用 `/settings words remove` 移除一些。

error-server-word-too-long = 禁用词最多 { $limit } 个字符，请缩短一些，多个词用逗号分隔。

error-server-word-empty = 禁用词至少要有一个字母或数字，请输入词，用逗号分隔。

error-word-not-forbidden = { $word } 在这里没有被禁用，请用 `/settings words list` 查看列表。

error-style-forbidden = 风格 { $name } 里有机器人的运营者或本服务器禁止的内容，请修改它的提示词。

error-model-age-restricted = { $model } 只能在年龄限制频道中使用，请到这样的频道中请求，或换一个模型。

error-unknown-model = 这里没有名为 { $model } 的模型，请从这些模型中选择：{ $allowed }。

error-wrong-size = { $model } 不支持尺寸 { $size }，请从这些尺寸中选择：{ sizes-taken }。

# Edges are strings, so that numbers that people type have no comma.
sizes-taken = { $allowed }{ $longest_name ->
        [none] {""}
       *[other] ，或任意“宽 x 高”，或模型自己的尺寸名（最多 { $longest_name } 个字符）
    }{ $max_edge ->
        [none] {""}
       *[other] ，或任意“宽 x 高”（每边 { $min_edge } 到 { $max_edge }{ $step ->
                [none] {""}
               *[other] ，须为 { $step } 的倍数
            }{ $max_pixels ->
                [none] {""}
               *[other] ，总共 { $min_pixels } 到 { $max_pixels } 像素
            }{ $max_ratio ->
                [none] {""}
               *[other] ，长宽比不超过 { $max_ratio }:1
            }）
    }

error-wrong-count =
    { $limit ->
        [1] 这个模型每次只画 1 张图片，请把 { $n } 改为 1。
       *[other] 每次可以画 1 到 { $limit } 张图片，请把 { $n } 改为这个范围内的数。
    }

error-wrong-choice = { $model } 的选项 { $option } 不支持 { $value }，请从这些值中选择：{ $allowed }。

error-option-not-taken =
    { $allowed ->
        [none] { $model } 不支持选项 { $option }，请去掉它，或换一个模型。
       *[other] { $model } 不支持选项 { $option }，请去掉它，或从这些模型中选择：{ $allowed }。
    }

error-option-beside-reference = { $model } 不支持把选项 { $option } 与参考图一起使用，请去掉其中一项。

error-wrong-number = { $option } 的值 { $value } 超出范围，请填写 { $least } 到 { $most } 之间的整数。

error-negative-too-long = negative 有 { $length } 个字符，而 { $model } 最多接受 { $limit } 个，请缩短一些。

error-strength-without-reference = strength 表示结果可以偏离参考图多少，请附上一张参考图，或去掉 strength。

error-wrong-flag =
    { $option ->
        [size] { $flag } 不是宽高比，请写成 --ar 16:9 这样。
        [seed] { $flag } 不是种子，请写一个整数，例如 --seed 5。
        [n] { $flag } 不是图片张数，请写成 --n 4 这样。
        [strength] { $flag } 不是参考图权重，请写 0 到 3 之间的数，例如 --iw 1。
       *[negative] { $flag } 后面没有内容，请写上画面里不要出现什么，例如 --no 人物。
    }

error-no-references =
    { $allowed ->
        [none] { $model } 不支持参考图，请去掉参考图。
       *[other] { $model } 不支持参考图，请去掉参考图，或从这些模型中选择：{ $allowed }。
    }

error-too-many-references =
    { $limit ->
        [1] { $model } 只接受 1 张参考图，请去掉其余的。
       *[other] { $model } 最多接受 { $limit } 张参考图，请去掉几张。
    }

error-mask-not-taken =
    { $allowed ->
        [none] { $model } 不支持蒙版，请去掉它。
       *[other] { $model } 不支持蒙版，请去掉它，或从这些模型中选择：{ $allowed }。
    }

error-operation-not-offered =
    { $allowed ->
        [none] { $operation ->
            [blend] { $model } 在这里不能融合图片，请改用 `/imagine`，把它们作为参考图。
            [upscale] { $model } 在这里不能放大图片，请改为画一张尺寸更大的图片。
           *[swap] { $model } 在这里不能换脸，请改用 `/imagine`，把两张图片作为参考图。
        }
       *[other] { $operation ->
            [blend] { $model } 不能融合图片，请从这些模型中选择：{ $allowed }。
            [upscale] { $model } 不能放大图片，请从这些模型中选择：{ $allowed }。
           *[swap] { $model } 不能换脸，请从这些模型中选择：{ $allowed }。
        }
    }

error-wrong-picture-count =
    { $most ->
        [1] { $model } 只接受 1 张图片，请上传一张。
        [2] { $model } 只接受 2 张图片，请上传两张。
       *[other] { $model } 接受 { $least } 到 { $most } 张图片，而不是 { $count } 张，请上传 { $least } 到 { $most } 张。
    }

error-mask-without-reference = 蒙版用来标出参考图中可以改动的部分，请把那张图作为第一张参考图一起上传。

## Reference images

error-mask-unfit = 蒙版必须是不超过 4 MB 的 PNG，并与第一张参考图同为 { $width }×{ $height } 像素，请重新上传；{ money-back }。

error-mask-opaque = 蒙版没有透明部分，图片不会有任何改动：请把要重画的部分擦成透明后重新上传；{ money-back }。

error-reference-no-picture = 第 { $number } 张参考图不是图片，请上传 PNG、JPEG、WebP、GIF、AVIF、BMP 或 TIFF 文件。

error-reference-heic = 第 { $number } 张参考图是 HEIC 照片，这里无法读取，请转成 JPEG 后再上传。

error-reference-too-large = 第 { $number } 张参考图超过 { $limit } MB，请上传小一些的文件。

error-reference-too-many-pixels = 第 { $number } 张参考图超过 { $limit } 百万像素，请上传小一些的图片；{ money-back }。

error-reference-unreadable = 第 { $number } 张参考图不是能读取的 PNG、JPEG、WebP、GIF、AVIF、BMP 或 TIFF，请换一个文件；{ money-back }。

error-references-same = 第 { $number } 张图片与第 { $first } 张相同，请上传不同的图片；{ money-back }。

error-reference-lost = 第 { $number } 张参考图无法下载，请重新上传；{ money-back }。

## Credits and limits

error-quota-spent =
    { $limit ->
        [0] { limit-of }是{ period-each } 0 点，所以这里不能画图：请联系{ limit-keeper }。
       *[other] { $frees_at ->
            [none] 这次需要 { $credits } 点，而{ limit-of }是{ limit-credits }，请减少张数，或换一个更便宜的模型。
           *[other] { $left ->
                [0] { limit-credits }已全部用完（{ limit-of }），请在 { $frees_at }再试。
               *[other] { limit-credits }只剩 { $left } 点（{ limit-of }），而这次需要 { $credits } 点，请减少张数，或在 { $frees_at }再试。
            }
        }
    }

error-limit-out-of-range = 不能设置 { $credits } 点的限额，请选择 0 到 { $limit } 之间的数。

error-limit-above-ceiling = 机器人的运营者给本服务器的上限是{ limit-credits }，请选择低于 { $credits } 点的限额。

error-one-subject-only = 限额只能针对一个人、一个身份组或整个服务器，请只选择其中一项。

error-no-such-limit = 没有这样的限额，什么都没有移除：请用 `/quota show` 查看现有限额。

error-budget-spent =
    { $frees_at ->
        [none] 这次的费用超出运营者的预算，请减少张数，或换一个更便宜的模型。
       *[other] 运营者的画图预算已用完，请在 { $frees_at }再试。
    }

error-too-many-doubtful = 过去 24 小时内你有 { $limit } 次请求没有得到图片，而运营者可能已为它们付费，请在 { $frees_at }再试，或请管理员重置你的用量。

error-blocked =
    { $reason ->
        [none] 你被禁止在本服务器画图，如有误会，请联系本服务器的管理员。
       *[other] 你被禁止在本服务器画图（{ $reason }），如有误会，请联系本服务器的管理员。
    }

error-blocked-everywhere =
    { $reason ->
        [none] 机器人的运营者禁止了你画图，如有误会，请联系他们。
       *[other] 机器人的运营者禁止了你画图（{ $reason }），如有误会，请联系他们。
    }

error-too-many-requests = 每个人每分钟最多可以提交 { $limit } 次请求，请在 { $frees_at }继续。

error-not-blocked = 此人在这里没有被禁止，什么都没有改变：请确认有没有选错人。

error-grant-out-of-range = 不能给 { $credits } 点额外点数，请选择 1 到 { $limit } 之间的数。

error-cost-out-of-range = 每张图片不能收 { $credits } 点，请选择 0 到 { $limit } 之间的数。

error-cost-below-the-operators = 运营者限制了本服务器的点数，所以每张图片不能收 { $credits } 点：请选择 { $limit } 点或更多。

error-no-such-cost = 本服务器没有为这个模型和画质设置点数，什么都没有移除：请检查这两项。

## Permissions and availability

error-server-not-listed = 本服务器不在运营者的名单上，请联系机器人的运营者添加。

error-permission-missing = 使用这个命令需要权限 { $permissions }，请联系本服务器的管理员。

error-bot-permission-missing = 机器人在这里缺少权限 { $permissions }，请联系本服务器的管理员授予。

error-too-soon = 你刚刚用过这个命令，请在 { $retry_after_s } 秒后再试。

error-servers-only = 这个命令只能在服务器中使用，请到服务器的频道里使用。

error-not-allowed = 你不能在这里使用这个命令，如有误会，请联系本服务器的管理员。

error-command-not-allowed = 你不能在这里使用 `/{ $command }`，请联系本服务器的管理员。

error-outdated-command = 你的 Discord 显示的还是这个命令的旧版本，请重启 Discord 后再试。

## Queue, cancellation and delivery

error-too-many-waiting =
    { $limit ->
        [1] 你已有 1 个请求在等待，请等它完成后再试。
       *[other] 你已有 { $limit } 个请求在等待，请等其中一个完成后再试。
    }

error-queue-full =
    { $limit ->
        [1] 队列里已有 1 个请求，请等它完成后再试。
       *[other] 队列里已有 { $limit } 个请求，请过几分钟再试。
    }

error-stopped = 这个请求已在开始绘制之前取消，想画时请随时再来；{ money-back }。

error-stopped-waiting = 绘制已经开始，会继续进行，但这张卡片不再更新：如果画成，会扣点数并为你保存，请用 `/history` 查看。

error-not-yours-to-stop = 只有请求的人和拥有“管理消息”权限的成员可以停止，请联系他们。

error-already-cancelled = 这个请求之前已经取消，没有扣点数，想画时请随时再来。

error-already-stopped-waiting = 已经没有人在等这个请求：如果画成，会扣点数并为你保存，请用 `/history` 查看。

error-nothing-to-stop = 这个请求已经结束或即将结束，不能再停止：请稍后查看它的卡片。

error-stop-unanswered = 处理这个请求的机器人进程暂时没有响应：请一分钟后再按一次按钮。

error-press-repeated = 这个请求已经收到，所以不会重复执行：请查看它的卡片。

error-shutting-down = 机器人即将重启，请一分钟后再试。

error-database-busy = 机器人的数据库暂时没有响应，所以什么都没有改变，也没有扣点数：请一分钟后再试。

error-database-lost = 机器人的数据库文件不见了，现在无法开始新的请求：请告诉机器人的运营者。

error-card-not-placed = 回复无法发到这里，所以没有开始绘制，也没有扣点数：请再试一次。

error-pictures-kept = 图片无法发到这里，但已为你保存：请用 `/history` 查看。

error-pictures-late = 之前没有及时画完的 { $count } 张图片现在画好了，已为你保存，{ $credits ->
        [0] 不收点数
       *[other] 共 { $credits } 点
    }：请用 `/history` 查看。

error-not-delivered = 图片无法发布，请确认机器人可以在这里发送消息和附件；{ money-back }。

error-neither-posted-nor-kept = 图片已经画好，但既无法发布也无法保存，请过几分钟再试，如果仍然这样，请告诉机器人的运营者；{ money-back }。

error-not-kept = 这些图片已不再保存，请用 `/imagine` 或 🔄 重新请求。

error-picture-not-kept = 第 { $number } 张图片已不再保存，请选择另一张，或用 🔄 重新请求。

error-enlarging-gone = 你在这里能用的模型都不再支持放大图片，请选择其他按钮。

error-picture-not-enlarged = { $width }×{ $height } 像素的图片太大，无法在这里放大，请用 ⬇️“原图”保存后在其他程序里放大。

error-animation-not-enlarged = 会动的图片无法在这里放大，请选择另一张，或用 ⬇️“原图”保存。

error-still-enlarging = 正在为你放大另一张图片，请在收到后再按一次。

error-too-many-enlarging = 现在正在放大很多图片，请一分钟后再试。

error-not-asked-you = 只有被提到的人可以回答，请使用你自己结果下面的按钮。

error-cost-changed =
    { $credits ->
        [0] 现在这是免费的，如果仍然需要，请再按一次按钮。
       *[other] 现在需要 { $credits } 点，如果仍然需要，请再按一次按钮。
    }

error-private-not-posted = 这个结果只有你能看到，不会发到这里，请用 ⬇️“原图”保存后自己分享。

error-no-longer-posted = 这个结果在这里已被删除，请联系请求的人用 `/history` 重新发出。

error-some-not-posted = 有 { $count } 张图片太大，无法在这个频道显示，请到上传上限更大的地方重试，或请求更小的尺寸。

error-not-posted = 图片无法发到这里，请换一个机器人可以发送消息和附件的频道。

error-no-room = 机器人暂时没有存储空间存放更多图片，请一小时后再试，或联系机器人的运营者腾出空间。

error-storage-away = 图片存储暂时没有响应，请几分钟后再试。

error-interrupted = 机器人在开始绘制之前重启了，请再试一次；{ money-back }。

error-waited-too-long = 机器人在开始绘制之前离线了很久，如果你还想要这张图，请重新请求；{ money-back }。

error-cancelled-by-operator = 机器人的运营者在开始绘制之前取消了这个请求，请先询问运营者再重试；{ money-back }。

error-interrupted-in-doubt = 机器人在绘制途中重启了，图片可能已经画好并计费；{ money-doubt }：要再试一次吗？

error-unexpected =
    { $reference ->
        [none] 我们这边出了点问题，请过几分钟再试。
       *[other] 我们这边出了点问题，请再试一次；如果仍然不行，请把代码 { $reference } 告诉机器人的运营者。
    }

## Pictures that cannot be shown

error-picture-too-large = { $width }×{ $height } 像素的图片太大，无法在这里显示，请选择小一些的尺寸。

error-picture-unreadable = 收到的图片已损坏，无法显示，请再试一次。

## Gateways, called "image service" here; $param is the option that was refused

error-gateway-auth = 绘图服务拒绝了机器人的密钥，请等待运营者更新；{ money-back }。

error-gateway-quota = 机器人在绘图服务的账户余额已用完，请等待运营者充值；{ money-back }。

error-gateway-rate-limited =
    { $retry_at ->
        [none] { $retry_after_s ->
            [none] 绘图服务正忙，请一分钟后再试；{ money-back }。
           *[other] 绘图服务正忙，请在 { $retry_after_s } 秒后再试；{ money-back }。
        }
       *[other] 绘图服务正忙，请在 { $retry_at }再试；{ money-back }。
    }

error-gateway-moderation = 绘图服务拒绝了这个提示词，请修改后再试；{ money-back }。

error-gateway-invalid-request =
    { $param ->
        [none] 绘图服务不接受这些选项，请修改尺寸或提示词后再试；{ money-back }。
        [image] 绘图服务不接受这些参考图，请换成更小的或其他图片后再试；{ money-back }。
       *[other] 绘图服务不接受选项 { $param }，请修改或去掉它后再试；{ money-back }。
    }

error-gateway-model-unavailable = 这个模型暂时不可用，请换一个；{ money-back }。

error-gateway-upstream = 绘图服务内部出了问题，请过几分钟再试；{ money-back }。

error-gateway-timeout-unknown = 与绘图服务的连接中断了，图片可能已经画好并计费；{ money-doubt }：要再试一次吗？

error-gateway-bad-response = 绘图服务发来的内容不是图片，请再试一次，或换一个模型；{ money-back }。

error-gateway-no-image = 绘图服务没有返回图片，请修改提示词后再试；{ money-back }。

error-pictures-missing = 其余图片没有从绘图服务收到，需要的话请再画一次；{ money-back }。

error-rest-not-sent = 其余图片因请求被停止而没有绘制，需要的话请重新请求；{ money-back }。

error-pictures-lost = 其余图片已经画好，但无法下载或读取，请重新请求；{ money-back }。

error-gateway-download-failed = 图片已经画好但无法下载，请再试一次；{ money-back }。

error-gateway-unreachable = 暂时无法连接绘图服务，请过几分钟再试；{ money-back }。

error-gateway-disk-full = 机器人没有存储空间存放图片了，请等待运营者腾出空间；{ money-back }。

error-gateway-reference-lost = 有一张参考图已不再保存，请重新上传；{ money-back }。

error-gateway-task-failed = 绘图服务没能完成这张图片，请再试一次，或换一个模型；{ money-back }。

error-gateway-task-lost = 绘图服务找不到这张图片的任务了，图片可能已经画好并计费；{ money-doubt }：要再试一次吗？

error-gateway-task-unfinished = 绘图服务仍未完成，如果图片在一天内画好，会按点数为你保存在 `/history` 中；{ money-doubt }：等不及的话，要再试一次吗？

error-gateway-action-expired = 这个按钮在绘图服务那里已经失效，没有扣点：请重新画这张图片，就会有新的按钮。

## Buttons and reactions under a result

error-action-runs = 这个操作正在进行，请等它完成。

error-result-removed = 这个结果已被管理员移除，请用 `/imagine` 画别的。

error-result-unknown = 这个结果已经找不到了，请用 `/imagine` 重新请求。

error-not-yours-to-delete = 只有请求的人和拥有“管理消息”权限的成员可以删除，请联系他们。

error-declined-to-others = 这个提示词被拒绝了，只有写它的人可以再试：请用 `/imagine` 写你自己的提示词。

error-references-never-kept = 这个请求附带的图片没有保存，请像之前一样重新请求并上传图片。

error-form-outdated = 这个表单来自机器人的另一个版本，请重新打开后再提交。

error-form-forgotten = 你打开这个表单之后机器人重启过，请重新选择“用作参考图”。

error-no-picture-there = 这条消息里没有图片，请选择一条带图片的消息。
