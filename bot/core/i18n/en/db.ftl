# The output of `python -m bot db`. Paths, sizes and versions are strings.

db-newer = The database has version { $version }, which is newer than this Easel's { $ours }: update Easel, or point DATABASE_URL to another file.
db-older = The next start upgrades the database from version { $version } to { $ours }, after saving a copy in DATA_DIR/backup.
db-damaged = The database { $path } is damaged ({ $problems }): stop the bot, and restore your newest backup, or the newest file of DATA_DIR/backup, with python -m bot db restore FILE.
db-not-copied = The database { $path } is damaged ({ $problems }), so there is no new backup: stop the bot, and restore an earlier one with python -m bot db restore FILE.
db-copied = The database was copied to { $file } ({ $size }).
db-restore = To restore it, stop the bot and run: python -m bot db restore { $file }
db-beside = Pictures and the key for pseudonyms are separate files: copy { $vault } and { $key }, too.
db-restored = { $file } was restored: it is now { $path }.
db-moved-aside = The database before it is { $aside }; delete it when you no longer need it.
db-forgotten = { $count ->
    [0] No charge was made since that backup.
    [one] One charge since that backup is forgotten, of { $credits } { $credits ->
        [one] credit
       *[other] credits
    }.
   *[other] { $count } charges since that backup are forgotten, of { $credits } credits together.
}
db-forgotten-unknown = What was charged since that backup is not known, because the database before it cannot be read.
db-jobs-set-aside = { $count ->
    [0] No job was open in it.
    [one] One job was open in it: it is not painted again, and the next start ends it.
   *[other] { $count } jobs were open in it: they are not painted again, and the next start ends them.
}
db-deletions-repeated = { $count ->
    [0] Nobody in it has had their data deleted since then.
    [one] One person in it has had their data deleted since then: the next start of the bot deletes it again.
   *[other] { $count } people in it have had their data deleted since then: the next start of the bot deletes it again.
}
db-key-missing = The key of people's pseudonyms is not the one of this backup: before the start, set USER_TAGS_KEY or put back { $key }. If it is lost, python -m bot db accept-key accepts another one.
db-key-accepted = The next start accepts the key for pseudonyms that it finds, or makes one: people whose data was deleted may spend their credits once more.
