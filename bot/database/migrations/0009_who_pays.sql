-- The person pays for pictures they can get; the operator's limits count what was, or may have been,
-- paid for. SERVER_QUOTA is the operator's, so it has a meter of its own beside the server's.
INSERT INTO meters (subject, hour, credits)
SELECT 'ceiling:' || CAST(server_id AS TEXT), hour, CAST(SUM(operator_credits) AS BIGINT)
FROM charges
WHERE user_id <> 0
GROUP BY server_id, hour;

-- Pictures that an attempt was paid for although they were unreadable, expired or too large.
ALTER TABLE costs ADD COLUMN lost BIGINT NOT NULL DEFAULT 0 CHECK (lost >= 0);

-- How often a delivery was begun: pictures that two processes died delivering are only kept.
ALTER TABLE jobs ADD COLUMN deliveries BIGINT NOT NULL DEFAULT 0 CHECK (deliveries >= 0);

-- A task that outlived its budget is looked at again for a day: when next, in milliseconds since the
-- epoch.
ALTER TABLE attempts ADD COLUMN look_at BIGINT;
CREATE INDEX attempts_looked_at ON attempts (look_at) WHERE look_at IS NOT NULL;
