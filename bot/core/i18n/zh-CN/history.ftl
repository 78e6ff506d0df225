# /history: the requests of one person, to search and to post again.

history-heading = 🗂️ **你的请求**，最新的在前
history-none = 你还没有请求过图片：用 `/imagine` 画一张吧。
history-nothing-found = 没有找到符合条件的请求：请减少关键词，或换一些试试。

## One job: a line of facts under its prompt

history-state =
    { $state ->
        [failed] ⚠️ 失败
        [cancelled] ⏹️ 已停止
        [unknown] ❔ 结果不明
        [queued] ⏳ 排队中
       *[other] 🎨 绘制中
    }
history-pictures =
    { $count ->
        [0] 🖼️ 已不再保存
       *[other] 🖼️ { $count } 张图片
    }
history-pictures-left = 🖼️ { $of } 张图片中保存着 { $count } 张
history-removed = 🚫 已被管理员移除
history-created = { $created_at }
history-link = [打开]({ $link })

## The buttons under a page; clicking a search term removes it from the search

history-choose = 重新发布…
history-newer = ◀
history-older = ▶
history-sought-text = ✕ “{ $word }”
history-sought-model = ✕ { $word }

history-posted = 已重新发布。
history-posted-privately = 只有你能看到，因为它们是只为你画的。
history-posted-to-you = 机器人不能在这里发送消息，所以只有你能看到：请把想留的图片保存下来。
