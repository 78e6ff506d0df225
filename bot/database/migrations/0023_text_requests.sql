-- Requests for words, to a chat model or to a call of a gateway (/describe, /shorten, better prompts): each has a
-- charge under its id, as a job has.
-- One without ended_at is under way in its owner; ``held`` is before its request is sent, ``sending`` from then on.
-- ``suggestions`` are the prompts that were shown, as a JSON list: buttons paint them, also after a restart.
-- ``task_id`` is the task of a gateway that has the words once it is finished.
CREATE TABLE text_requests (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('describe', 'improve', 'shorten')),
    state TEXT NOT NULL CHECK (
        state IN ('held', 'sending', 'answered', 'refused', 'declined', 'unusable', 'unknown')
    ),
    server_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    gateway TEXT,
    model TEXT NOT NULL,
    credits BIGINT NOT NULL CHECK (credits >= 0),
    price BIGINT NOT NULL CHECK (price >= 0),
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    suggestions TEXT,
    task_id TEXT
);

CREATE INDEX text_requests_of_user ON text_requests (user_id, created_at);
CREATE INDEX unfinished_text_requests ON text_requests (owner) WHERE ended_at IS NULL;

-- Only PostgreSQL.
ALTER TABLE text_requests SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
