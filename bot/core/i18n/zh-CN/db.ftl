# The output of `python -m bot db`. Paths, sizes and versions are strings.

db-newer = 数据库的版本 { $version } 比这个 Easel 的 { $ours } 更新：请更新 Easel，或让 DATABASE_URL 指向另一个文件。
db-older = 下次启动时会先在 DATA_DIR/backup 保存一份副本，再把数据库从版本 { $version } 升级到 { $ours }。
db-damaged = 数据库 { $path } 已损坏（{ $problems }）：请停止机器人，然后运行 python -m bot db restore FILE，恢复你最新的备份或 DATA_DIR/backup 中最新的文件。
db-not-copied = 数据库 { $path } 已损坏（{ $problems }），所以没有生成新的备份：请停止机器人，然后运行 python -m bot db restore FILE，恢复较早的备份。
db-copied = 数据库已复制到 { $file }（{ $size }）。
db-restore = 要恢复它，请停止机器人，然后运行：python -m bot db restore { $file }
db-beside = 图片和假名密钥是单独的文件：请把 { $vault } 和 { $key } 也一起复制。
db-restored = 已恢复 { $file }：它现在是 { $path }。
db-moved-aside = 之前的数据库保存为 { $aside }；不再需要时请删除它。
db-forgotten = { $count ->
    [0] 该备份之后没有扣过点数。
   *[other] 该备份之后的 { $count } 笔扣费（共 { $credits } 点）已不再记录。
}
db-forgotten-unknown = 之前的数据库无法读取，因此不知道该备份之后扣过多少点数。
db-jobs-set-aside = { $count ->
    [0] 备份中没有未完成的任务。
   *[other] 备份中有 { $count } 个未完成的任务：它们不会重新绘制，下次启动时会结束它们。
}
db-deletions-repeated = { $count ->
    [0] 备份中没有人在那之后删除过自己的数据。
   *[other] 备份中有 { $count } 人在那之后删除过自己的数据：机器人下次启动时会再次删除。
}
db-key-missing = 假名密钥与此备份不符：请在启动前设置 USER_TAGS_KEY，或把 { $key } 放回原处。如果密钥已丢失，python -m bot db accept-key 可以接受另一个密钥。
db-key-accepted = 下次启动会接受它找到的假名密钥，没有则生成一个：已删除数据的人可能会再次使用他们的点数。
