-- A gateway may make four pictures as one, which are paid as one: pictures of a job with the same
-- number here are those of one grid. NULL: made by itself, as all pictures before.
ALTER TABLE pictures ADD COLUMN grid BIGINT;

-- The buttons of finished tasks: with each, the gateway that has the task goes on with its picture.
-- runs is the job that was started last by a press of it: while it is open, there is no other.
CREATE TABLE task_buttons (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    slot BIGINT NOT NULL,
    place BIGINT NOT NULL,
    gateway TEXT NOT NULL,
    task_id TEXT NOT NULL,
    custom_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    face TEXT NOT NULL,
    runs TEXT,
    PRIMARY KEY (job_id, slot, place)
);

CREATE INDEX task_buttons_tasks ON task_buttons (task_id);

-- Only PostgreSQL.
ALTER TABLE task_buttons SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

-- 1: the prompt was, or may have been, sent to a task that asked for it: it is not sent again.
ALTER TABLE attempts ADD COLUMN modal_sent BIGINT NOT NULL DEFAULT 0;
