-- The seed of the task of an attempt, where somebody has asked its gateway for it.
ALTER TABLE attempts ADD COLUMN seed BIGINT;

-- The slot of its job that a picture was made for, whose task has its buttons: what comes late has a
-- later number. NULL: unknown, as of all pictures before.
ALTER TABLE pictures ADD COLUMN slot BIGINT;
