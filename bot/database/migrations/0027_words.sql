-- Requests for words may be answered by a call of a gateway: /shorten is a kind of its own, and task_id is the task
-- that has the words once it is finished. SQLite changes no CHECK, so the table is made anew.
CREATE TABLE new_text_requests (
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

INSERT INTO new_text_requests (
    id, owner, kind, state, server_id, user_id, gateway, model, credits, price, created_at, ended_at, suggestions
)
SELECT
    id, owner, kind, state, server_id, user_id, gateway, model, credits, price, created_at, ended_at, suggestions
FROM text_requests;

DROP TABLE text_requests;

ALTER TABLE new_text_requests RENAME TO text_requests;

CREATE INDEX text_requests_of_user ON text_requests (user_id, created_at);
CREATE INDEX unfinished_text_requests ON text_requests (owner) WHERE ended_at IS NULL;

-- Only PostgreSQL.
ALTER TABLE text_requests SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

-- The seed of the task of an attempt, where somebody has asked its gateway for it.
ALTER TABLE attempts ADD COLUMN seed BIGINT;
