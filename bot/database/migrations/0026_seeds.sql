-- The seed of the task of an attempt, where somebody has asked its gateway for it.
ALTER TABLE attempts ADD COLUMN seed BIGINT;
