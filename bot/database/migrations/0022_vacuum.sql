-- Rows of these tables are deleted daily once they are too old, and at once where somebody asks for
-- it. PostgreSQL would leave what they said in its files, and their room unused, until a fifth of a
-- table is dead: of 400 days that is 80.

-- Only PostgreSQL.
ALTER TABLE jobs SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
-- Only PostgreSQL.
ALTER TABLE attempts SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
-- Only PostgreSQL.
ALTER TABLE costs SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
-- Only PostgreSQL.
ALTER TABLE messages SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
-- Only PostgreSQL.
ALTER TABLE intents SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
-- Only PostgreSQL.
ALTER TABLE pictures SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
-- Only PostgreSQL.
ALTER TABLE request_files SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
-- Only PostgreSQL.
ALTER TABLE charges SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
-- Only PostgreSQL.
ALTER TABLE meters SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
