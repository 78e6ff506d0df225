-- Delivery that survives a crash, and pictures that are kept: what is about to be posted, how large
-- a file each card may carry, and which pictures of a job lie in the vault.

-- Discord's default is 10 MiB for each attachment; a card knows better.
ALTER TABLE jobs ADD COLUMN max_file_bytes BIGINT NOT NULL DEFAULT 10485760;

-- What a person looks back at.
CREATE INDEX jobs_of_user ON jobs (user_id, created_at);

-- A new message, written before it is sent: after a crash it is sent again with the same nonce, or
-- looked for in its channel. message_id is NULL until Discord has confirmed it.
CREATE TABLE intents (
    nonce TEXT PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    part BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    message_id BIGINT
);
CREATE INDEX intents_age ON intents (at);

-- The originals of a job, kept in the vault under their hash.
CREATE TABLE pictures (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    number BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    format TEXT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    revised_prompt TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (job_id, number)
);
CREATE INDEX pictures_age ON pictures (at);
