-- How many transactions each connection has committed. Whoever lost a connection at its COMMIT looks here on another
-- one. The server's own numbers of transactions do not tell: after a crash it gives them once more.
-- Only PostgreSQL.
CREATE TABLE connection_commits (
    connection TEXT PRIMARY KEY,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL
) WITH (fillfactor = 50);
