-- Styles that the admins of a server offer to everybody there, and the servers that were greeted.

-- name is folded, so that a server has each name once; spelling is how it was written. options are JSON.
-- The example picture is in the content store, which keeps it as long as a row names it.
CREATE TABLE server_styles (
    server_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    spelling TEXT NOT NULL,
    options TEXT NOT NULL,
    picture_sha256 TEXT,
    picture_format TEXT,
    picture_bytes BIGINT,
    at BIGINT NOT NULL,
    PRIMARY KEY (server_id, name)
);
CREATE INDEX server_styles_picture ON server_styles (picture_sha256)
    WHERE picture_sha256 IS NOT NULL;

CREATE TABLE greetings (
    server_id BIGINT PRIMARY KEY,
    at BIGINT NOT NULL
);
