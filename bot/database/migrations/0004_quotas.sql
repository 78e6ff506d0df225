-- Quotas that admins trust: grants, resets and blocks of people, a server's own costs, why something
-- was changed, what a job costs the operator, and people whose data was deleted.

-- What of the credits the person's own level paid; the rest came from a grant.
ALTER TABLE charges ADD COLUMN own_credits BIGINT NOT NULL DEFAULT 0
    CHECK (own_credits BETWEEN 0 AND credits);
UPDATE charges SET own_credits = credits;

-- In millionths of the operator's currency: expected while held, then what it did cost.
ALTER TABLE charges ADD COLUMN price BIGINT NOT NULL DEFAULT 0 CHECK (price >= 0);

DROP INDEX charges_hour;
CREATE INDEX charges_hour ON charges (
    hour, server_id, user_id, at, credits, own_credits, operator_credits, price
);

-- Direct messages (server 0) count as one more server; the terminal (user 0) is in none.
INSERT INTO meters (subject, hour, credits)
SELECT 'server:0', hour, CAST(SUM(credits) AS BIGINT)
FROM charges
WHERE server_id = 0 AND user_id <> 0
GROUP BY hour;

-- What admins decided about a person besides limits. block_reason NULL is not blocked.
CREATE TABLE members (
    server_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    granted BIGINT NOT NULL DEFAULT 0 CHECK (granted >= 0),
    reset_at BIGINT,
    block_reason TEXT,
    PRIMARY KEY (server_id, user_id)
);

-- A server's own credits for each picture; quality '' is any quality of the model.
CREATE TABLE credit_costs (
    server_id BIGINT NOT NULL,
    model TEXT NOT NULL,
    quality TEXT NOT NULL,
    credits BIGINT NOT NULL CHECK (credits >= 0),
    PRIMARY KEY (server_id, model, quality)
);

ALTER TABLE audit ADD COLUMN reason TEXT;
CREATE INDEX audit_of_server ON audit (server_id, id);

-- The pseudonyms of people whose data was deleted: what they spent still counts.
CREATE TABLE anonymous (
    user_id BIGINT PRIMARY KEY CHECK (user_id < 0),
    at BIGINT NOT NULL
);
