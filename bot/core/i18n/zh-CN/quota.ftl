# /usage and /quota. $subject is a mention or one of the quota-subject texts; what people typed is
# shortened and escaped.

## /usage: one row for each limit

usage-title = 🎟️ { $name } 的点数
usage-none = 你在这里没有任何限额。

# Which personal limit applies, and why.
usage-why =
    { $level ->
        [user] 管理员为你单独设置了限额，所以只适用这一个。
        [role] 你的身份组在这里有限额：任何一个身份组的点数足够，请求就会通过；这里显示剩余最多的一个。
        [everyone] 你和你的身份组都没有自己的限额，所以适用所有人的限额。
       *[other] 管理员没有为你设置限额，所以适用机器人的默认限额。
    }

usage-blocked =
    { $reason ->
        [none] ⛔ 管理员禁止了你在这里画图；如有误会，请联系他们。
       *[other] ⛔ 管理员禁止了你在这里画图：“{ $reason }”
    }
usage-blocked-everywhere =
    { $reason ->
        [none] ⛔ 机器人的运营者禁止了你画图；如有误会，请联系他们。
       *[other] ⛔ 机器人的运营者禁止了你画图：“{ $reason }”
    }

usage-level =
    { $level ->
        [user] 你自己的限额
        [role] 你的身份组的限额
        [everyone] 这里所有人的限额
        [default] 默认限额
        [server] 本服务器合计的限额
        [server-quota] 运营者给本服务器的上限
       *[total] 运营者给所有服务器的上限
    }，{ period-each }

usage-row =
    { $limit ->
        [0] 没有点数：不能画图。
       *[other] 剩余 **{ $left }/{ $limit }** 点{ $used ->
            [0] {""}
           *[other] {" · "}已用 { $used }
        }{ $held ->
            [0] {""}
           *[other] {" · "}为绘制中的图片预留 { $held }
        }{ $frees_at ->
            [none] {""}
           *[other] {" · "}{ $frees_at }开始恢复
        }
    }

usage-granted-title = 额外点数
usage-granted = 剩余 **{ $credits }** 点，自己的限额用完后使用，永不过期

usage-doubtful-title = 没有得到图片的请求
usage-doubtful =
    过去 24 小时内 **{ $count } / { $limit }** 次，运营者可能已为它们付费；没有扣你的点数{ $frees_at ->
        [none] {""}
       *[other] {" · "}{ $frees_at }可以再次请求
    }

usage-jobs-title = 🗂️ 你最近的请求
usage-job = { $state ->
        [done] 🖼️ 已画好
        [removed] 🚫 已被管理员移除
        [failed] ⚠️ 失败
        [cancelled] ⏹️ 已停止
        [unknown] ❔ 结果不明
        [queued] ⏳ 排队中
       *[other] 🎨 绘制中
    } { $created_at } · { $model } · { $prompt }{ $link ->
        [none] {""}
       *[other] {" · "}[打开]({ $link })
    }

## /quota: what was changed

quota-subject-everyone = 所有人
quota-subject-server = 整个服务器

quota-set =
    { $credits ->
        [none] { $subject }：现在{ period-each }可用的点数不限。
        [0] { $subject }：不能再画图。
       *[other] { $subject }：现在{ period-each }可用 { $credits } 点。
    }
quota-unlimited = { $subject }：现在没有自己的限额。本服务器合计的限额和运营者的上限仍然有效。
quota-removed =
    { $period ->
        [none] { $subject }：所有限额都已移除。
       *[other] { $subject }：{ period-each }的限额已移除。
    }
quota-granted = { $subject } 现有 { $balance } 点额外点数，自己的限额用完后使用。
quota-reset = { $subject }：此前的用量不再计入自己的限额。服务器的合计不变。
quota-blocked = { $subject } 不能再在这里画图，直到你使用 `/quota unblock`。
quota-unblocked = { $subject } 又可以在这里画图了。
quota-cost-set =
    { $credits ->
        [0] { quota-picture }从现在起在这里免费。
       *[other] { quota-picture }从现在起在这里每张 { $credits } 点。
    }
quota-cost-removed = { quota-picture }在这里恢复为默认的点数。
quota-picture =
    { $quality ->
        [none] { $model } 的图片
       *[other] { $model } 画质 { $quality } 的图片
    }

## /quota show

quota-show-title = 🎟️ 本服务器的限额
quota-show-line = { $subject } · { $limits }
quota-show-default = { $subject } · { $limits }（运营者的默认值）
quota-show-ceiling = 运营者给本服务器的上限：{ $limits }。
quota-show-none = 还没有针对身份组或个人的限额：用 `/quota set` 设置。
quota-no-limit = 不限
quota-cap =
    { $credits ->
        [none] { period-each }不限
        [0] 不能画图
       *[other] { period-each } { $credits } 点
    }
quota-show-granted = 额外 { $credits } 点
quota-show-blocked =
    { $reason ->
        [none] ⛔ 已禁止
       *[other] ⛔ 已禁止：“{ $reason }”
    }

## The buttons and the footer of pages

quota-page-back = ◀
quota-page-on = ▶
quota-page =
    { $pages ->
        [none] 第 { $page } 页
       *[other] 第 { $page } 页，共 { $pages } 页
    }

## /quota cost without options

quota-costs-title = 🏷️ 每张图片的点数
quota-costs-model = 模型
quota-costs-credits = 点数
quota-costs-own = * 由本服务器设置
quota-costs-more = 还有 { $count } 行

## /quota usage

quota-usage-title =
    { $days ->
        [1] 📊 今天用掉的点数
       *[other] 📊 { $days } 天内用掉的点数
    }
quota-usage-facts = { $subject } · 共 **{ $total }** 点 · { $day }最多（{ $most } 点）
quota-usage-nothing = { $subject } · 这段时间没有用掉点数。
quota-usage-without-grants = 这里不计入额外点数；不指定成员的 `/quota usage` 会一并计入。
quota-usage-alt = 每天的柱状图：共 { $total } 点，{ $day }最多，为 { $most } 点。

## /quota export

quota-export-done =
    { $count ->
        [0] 这段时间没有扣费，所以表格是空的。
       *[other] { $count } 笔扣费，表格可用任何电子表格软件打开。
    }

## /quota audit: what was changed, and by whom

audit-title = 📜 限额与点数变更
audit-none = 还没有任何变更。
audit-easel = Easel
audit-by = { $at } · { $actor }{ $reason ->
        [none] {""}
       *[other] {" · “"}{ $reason }”
    }
audit-action-limit-set =
    { $old ->
        [none] { $subject } · { $new }
       *[other] { $subject } · { $old } → { $new }
    }
audit-action-limit-removed = { $subject } · 移除 { $old }
audit-action-role-gone = 已删除的身份组 · 移除 { $old }
audit-action-granted =
    { $old ->
        [none] { $subject } · { $new } 点额外点数
       *[other] { $subject } · 额外点数 { $old } → { $new }
    }
audit-action-reset = { $subject } · 用量清零
audit-action-blocked = { $subject } · 禁止画图
audit-action-result-removed = { $subject } · 被举报的结果已移除
audit-action-report-dismissed = { $subject } · 举报已驳回
audit-action-unblocked = { $subject } · 不再禁止
audit-action-cost-set =
    { $old ->
        [none] { $subject } · 每张图片 { $new } 点
       *[other] { $subject } · 每张图片 { $old } → { $new } 点
    }
audit-action-cost-removed = { $subject } · 移除每张图片 { $old } 点
audit-other = { $subject } · { $action }

## Wrong values

error-days-out-of-range = 不能查看 { $days } 天，请选择 1 到 { $limit } 之间的数。

error-reason-out-of-range = 原因需要 1 到 { $limit } 个字符，而你写了 { $length } 个，请修改。

error-bot-chosen = 机器人账号没有限额，请选择一位成员。

error-model-not-chosen = 没有选择模型，请选择要修改点数的模型。

error-export-too-large = { $days } 天的表格太大，无法发到这里，请减少天数。
