# The output of `python -m bot db`. Paths, sizes and versions are strings.

db-newer = The database has version { $version }, which is newer than this Easel's { $ours }: update Easel, or point DATABASE_URL to another file.
db-older = The next start upgrades the database from version { $version } to { $ours }, after saving a copy in DATA_DIR/backup.
db-damaged = The database { $path } is damaged ({ $problems }): stop the bot, keep a copy of the file, and restore your newest backup, or the newest file of DATA_DIR/backup.
db-not-copied = The database { $path } is damaged ({ $problems }), so there is no new backup: stop the bot, keep a copy of the file, and restore an earlier one.
db-copied = The database was copied to { $file } ({ $size }).
db-restore = To restore it, stop the bot, remove { $path }-wal and { $path }-shm, and copy { $file } to { $path }.
db-beside = Pictures and the key for pseudonyms are separate files: copy { $vault } and { $key }, too.
