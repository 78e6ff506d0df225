-- A job whose attachments were not fetched goes on after a restart, from their addresses (JSON,
-- NULL once they are kept, and when the job ends). A card that cannot be told is left in peace
-- after some failures.

ALTER TABLE jobs ADD COLUMN attached TEXT;
ALTER TABLE jobs ADD COLUMN telling_failures BIGINT NOT NULL DEFAULT 0;
