-- The first schema: jobs and what happened to them, charges and meters, limits and their audit.
-- Ids of Discord are 64-bit integers, times are milliseconds since the epoch, flags are 0 or 1.

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN (
        'queued', 'working', 'received', 'delivered', 'done', 'failed', 'cancelled', 'unknown'
    )),
    server_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    user_name TEXT NOT NULL,
    locale TEXT NOT NULL,
    request TEXT NOT NULL,
    credits BIGINT NOT NULL CHECK (credits >= 0),
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    error TEXT,
    told BIGINT NOT NULL DEFAULT 0 CHECK (told IN (0, 1)),
    channel_id BIGINT,
    message_id BIGINT,
    application_id BIGINT,
    token TEXT
);

-- What a start looks for: jobs that have not ended, or whose card does not say so yet.
CREATE INDEX jobs_unfinished ON jobs (created_at) WHERE ended_at IS NULL OR told = 0;

-- One row for each paid POST, written before its first byte leaves.
CREATE TABLE attempts (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    slot BIGINT NOT NULL,
    number BIGINT NOT NULL,
    gateway TEXT NOT NULL,
    asked BIGINT NOT NULL CHECK (asked > 0),
    state TEXT NOT NULL CHECK (state IN (
        'sending', 'task', 'answered', 'received', 'refused', 'unknown'
    )),
    task_id TEXT,
    urls TEXT,
    billed TEXT NOT NULL CHECK (billed IN ('no', 'maybe', 'yes')),
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (job_id, slot, number)
);

-- What the operator paid, or may have paid, whatever the person was charged.
CREATE TABLE costs (
    job_id TEXT NOT NULL,
    slot BIGINT NOT NULL,
    number BIGINT NOT NULL,
    gateway TEXT NOT NULL,
    model TEXT NOT NULL,
    at BIGINT NOT NULL,
    billed TEXT NOT NULL CHECK (billed IN ('maybe', 'yes')),
    pictures BIGINT NOT NULL,
    input_tokens BIGINT,
    output_tokens BIGINT,
    PRIMARY KEY (job_id, slot, number)
);

-- Every posted message knows its job: a reaction knows only the message.
CREATE TABLE messages (
    message_id BIGINT PRIMARY KEY,
    channel_id BIGINT NOT NULL,
    job_id TEXT NOT NULL REFERENCES jobs (id)
);

-- One row for each hold. credits count for the person and the server, operator_credits for the
-- operator's total: they differ after a release in doubt.
CREATE TABLE charges (
    job_id TEXT PRIMARY KEY,
    server_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('held', 'settled')),
    asked BIGINT NOT NULL CHECK (asked >= 0),
    credits BIGINT NOT NULL CHECK (credits BETWEEN 0 AND asked),
    operator_credits BIGINT NOT NULL CHECK (operator_credits BETWEEN credits AND asked),
    forgiven BIGINT NOT NULL DEFAULT 0 CHECK (forgiven IN (0, 1))
);

-- The one cut hour of a rolling window, for the operator, a server or a person. Rows of the same
-- hour lie together, so that a hold touches few pages however many charges there are.
CREATE INDEX charges_hour ON charges (hour, server_id, user_id, at, credits, operator_credits);
CREATE INDEX charges_held ON charges (server_id, user_id, at) WHERE state = 'held';
CREATE INDEX charges_forgiven ON charges (server_id, user_id, at) WHERE forgiven = 1;

-- Sums of charges by full hour, for user:SERVER:USER, server:SERVER and operator.
CREATE TABLE meters (
    subject TEXT NOT NULL,
    hour BIGINT NOT NULL,
    credits BIGINT NOT NULL CHECK (credits >= 0),
    PRIMARY KEY (subject, hour)
);

-- A month is 720 hours: without their credits in the index a sum costs 0.5 ms instead of 0.03.
CREATE INDEX meters_sum ON meters (subject, hour, credits);

-- subject is user:ID, role:ID, everyone or server; credits NULL means unlimited.
CREATE TABLE limits (
    server_id BIGINT NOT NULL,
    subject TEXT NOT NULL,
    period TEXT NOT NULL CHECK (period IN ('hour', 'day', 'week', 'month')),
    credits BIGINT CHECK (credits >= 0),
    PRIMARY KEY (server_id, subject, period)
);

CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    server_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    old_value TEXT,
    new_value TEXT
);
