-- Results that only their requester sees, and cards that their channel does not lead to: answers that
-- one person alone sees, and those in places where the bot is not.

ALTER TABLE jobs ADD COLUMN private BIGINT NOT NULL DEFAULT 0 CHECK (private IN (0, 1));
ALTER TABLE jobs ADD COLUMN only_by_token BIGINT NOT NULL DEFAULT 0 CHECK (only_by_token IN (0, 1));
