# 拒绝提示下方的按钮：改为请求别的。按钮上大约能显示 34 个字符。

control-paint = 画 { $n } 张
control-without =
    { $option ->
        [quality] 不选画质
        [style] 不选风格
        [background] 不选背景
        [seed] 不用种子
        [negative] 不写排除内容
        [strength] 不设强度
       *[mask] 不用蒙版
    }
control-change-prompt = 修改提示词

error-refused-forgotten = 这些按钮已经用过或已过期，请重新输入命令。
