-- What several processes do once: answer a press with a job, and the chores of a day.

-- Presses that led to a job: the id of an interaction or, below 0, a hash of a message and who reacted.
-- SQLite serves one bot, which remembers them in memory.
CREATE TABLE presses (
    id BIGINT PRIMARY KEY,
    at BIGINT NOT NULL
);

CREATE INDEX presses_by_age ON presses (at);

-- When each chore may next be begun, by the clock of the PostgreSQL server; SQLite has no rows here.
CREATE TABLE chores (
    name TEXT PRIMARY KEY,
    due_at BIGINT NOT NULL
);
