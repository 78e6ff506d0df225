-- Results whose pictures are hidden until somebody clicks them: 1 where that was asked for, or where
-- the requester marked them afterwards, 2 where a moderator did, which the requester cannot undo.

ALTER TABLE jobs ADD COLUMN spoiler BIGINT NOT NULL DEFAULT 0 CHECK (spoiler IN (0, 1, 2));
