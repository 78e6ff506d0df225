# The output of `python -m bot db`. Paths, sizes and versions are strings.

db-newer = 数据库的版本 { $version } 比这个 Easel 的 { $ours } 更新：请更新 Easel，或让 DATABASE_URL 指向另一个文件。
db-older = 下次启动时会先在 DATA_DIR/backup 保存一份副本，再把数据库从版本 { $version } 升级到 { $ours }。
db-damaged = 数据库 { $path } 已损坏（{ $problems }）：请停止机器人，保留该文件的副本，然后恢复你最新的备份，或 DATA_DIR/backup 中最新的文件。
db-not-copied = 数据库 { $path } 已损坏（{ $problems }），所以没有生成新的备份：请停止机器人，保留该文件的副本，然后恢复较早的备份。
db-copied = 数据库已复制到 { $file }（{ $size }）。
db-restore = 要恢复它，请停止机器人，删除 { $path }-wal 和 { $path }-shm，再把 { $file } 复制到 { $path }。
db-beside = 图片和假名密钥是单独的文件：请把 { $vault } 和 { $key } 也一起复制。
