-- Reports of results, results that moderators removed, and files that are to leave the content store.

-- A removed result cannot be repeated or used, and its pictures are gone from /history.
ALTER TABLE jobs ADD COLUMN removed BIGINT NOT NULL DEFAULT 0 CHECK (removed IN (0, 1));

-- Files whose last picture was taken down: deleted after the commit, and tried again daily. One that
-- another job or a style still needs stays in the list, and leaves once none of them does.
CREATE TABLE leaving_files (
    sha256 TEXT NOT NULL,
    format TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (sha256, format)
);

-- All reports of one result in one server (0: a direct message); reasons are a JSON list. The entries
-- are the messages that tell moderators and the owner, NULL where there is none.
CREATE TABLE reports (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    server_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    count BIGINT NOT NULL CHECK (count > 0),
    reasons TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'removed', 'dismissed')),
    log_channel_id BIGINT,
    log_message_id BIGINT,
    owner_channel_id BIGINT,
    owner_message_id BIGINT,
    PRIMARY KEY (job_id, server_id)
);
