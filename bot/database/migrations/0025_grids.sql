-- A gateway may make four pictures as one, which are paid as one: pictures of a job with the same
-- number here are those of one grid. NULL: made by itself, as all pictures before.
ALTER TABLE pictures ADD COLUMN grid BIGINT;
