-- What was slow in a database with a million jobs. An index costs each hold a page to write.

-- /mydata delete asks whether another job needs a file. A job's own files are in ``pictures``; those
-- that came with the request lie in its JSON only, so that every request would have to be read.
CREATE INDEX pictures_hash ON pictures (sha256);
CREATE TABLE request_files (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    sha256 TEXT NOT NULL,
    PRIMARY KEY (job_id, sha256)
);
CREATE INDEX request_files_hash ON request_files (sha256);
-- Only SQLite.
INSERT INTO request_files (job_id, sha256)
SELECT DISTINCT jobs.id, found.value
FROM jobs, json_tree(CASE WHEN json_valid(jobs.request) THEN jobs.request ELSE '{}' END) AS found
WHERE jobs.request LIKE '%"sha256":%' AND found.key = 'sha256' AND found.type = 'text';

-- Charges and meters of a person move to their pseudonym in batches, so that nobody waits. Until all
-- have moved, real_id says whose they are, and both numbers count as one person. jobs_until is the
-- latest moment of the jobs that are being deleted.
ALTER TABLE anonymous ADD COLUMN real_id BIGINT;
ALTER TABLE anonymous ADD COLUMN jobs_until BIGINT;
CREATE INDEX anonymous_moving ON anonymous (real_id) WHERE real_id IS NOT NULL;
