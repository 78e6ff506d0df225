# What `python -m bot db` says. Paths, sizes and versions come as words.

db-newer = Its version { $version } is newer than this Easel's { $ours }: update Easel, or point DATABASE_URL to another file.
db-older = The next start brings it from version { $version } to { $ours }, after a copy into DATA_DIR/backup.
db-damaged = The database { $path } is damaged ({ $problems }): stop the bot, keep a copy of the file, and restore your newest backup, or the newest file of DATA_DIR/backup.
db-not-copied = The database { $path } is damaged ({ $problems }), so there is no new backup: stop the bot, keep a copy of the file, and restore an earlier one.
db-copied = The database is in { $file } ({ $size }).
db-restore = To restore it, stop the bot, remove { $path }-wal and { $path }-shm, and copy { $file } to { $path }.
db-beside = Pictures, and the key of the people's tags, are files of their own: copy { $vault } and { $key }, too.
