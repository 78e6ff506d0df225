-- A row of a stored file that was deleted and stored again is another one, also in the same millisecond.
ALTER TABLE stored_files ADD COLUMN entry BIGINT NOT NULL DEFAULT 0;
