-- What servers and people made their custom, as JSON: settings, preferences, presets. And which job
-- another one came from.

CREATE TABLE server_settings (
    server_id BIGINT PRIMARY KEY,
    settings TEXT NOT NULL
);

CREATE TABLE preferences (
    user_id BIGINT PRIMARY KEY,
    preferences TEXT NOT NULL
);

-- name is folded, so that a person has each name once; spelling is how they wrote it.
CREATE TABLE presets (
    user_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    spelling TEXT NOT NULL,
    wish TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (user_id, name)
);

-- The job that was rolled again or edited, or whose picture was the reference.
ALTER TABLE jobs ADD COLUMN parent TEXT;
