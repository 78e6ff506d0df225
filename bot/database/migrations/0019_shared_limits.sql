-- What several processes on one database share: how busy each is, which gateways are suspended, and
-- what the operator was told. Only PostgreSQL has several processes; with SQLite all this is memory.

-- One row for each process with jobs; startable are those waiting jobs that only lack a permit. Rows that
-- were not renewed for some seconds count no more. Times of this table are the server's.
CREATE TABLE processes (
    owner TEXT PRIMARY KEY,
    waiting BIGINT NOT NULL CHECK (waiting >= 0),
    startable BIGINT NOT NULL CHECK (startable >= 0),
    running BIGINT NOT NULL CHECK (running >= 0),
    at BIGINT NOT NULL
);

-- A gateway that failed is suspended, for one model or for all (''), until then on the server's clock;
-- failure is what the gateway said, as JSON.
CREATE TABLE suspensions (
    gateway TEXT NOT NULL,
    model TEXT NOT NULL,
    owner TEXT NOT NULL,
    until BIGINT NOT NULL,
    failure TEXT NOT NULL,
    PRIMARY KEY (gateway, model)
);

-- When one of the processes told the operator of something, so that the others do not.
CREATE TABLE operator_alerts (
    subject TEXT PRIMARY KEY,
    at BIGINT NOT NULL
);
