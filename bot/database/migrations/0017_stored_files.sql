-- Which files the content store has and when each was last needed; and what is the same for every
-- process of an installation.

-- Whoever deletes a file sets leaving_since first, and deletes the row after the file: meanwhile nobody
-- takes the file for one that stays.
CREATE TABLE stored_files (
    sha256 TEXT NOT NULL,
    format TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    kept_at BIGINT NOT NULL,
    leaving_since BIGINT,
    PRIMARY KEY (sha256, format)
);

CREATE INDEX stored_files_kept_at ON stored_files (kept_at, sha256);

CREATE TABLE installation (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
