-- What several processes of one bot agree on. All times are milliseconds of the database's clock.

-- From when on the next shard of a bucket may identify at Discord.
-- Only PostgreSQL.
CREATE TABLE identifies (
    bucket BIGINT PRIMARY KEY,
    free_at BIGINT NOT NULL
);

-- What commands were sent to Discord, and what it had after that: those of one server, or of all (0).
-- Until claimed_until one process is sending them.
-- Only PostgreSQL.
CREATE TABLE synced_commands (
    server_id BIGINT PRIMARY KEY,
    sent TEXT NOT NULL,
    registered TEXT NOT NULL,
    claimed_until BIGINT NOT NULL
);
