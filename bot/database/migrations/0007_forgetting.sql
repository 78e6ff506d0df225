-- Jobs are deleted when their requester asks for it. Without these, every deleted job would look
-- through all messages and all intents for its own: a second for each on a server with a history.

CREATE INDEX messages_of_job ON messages (job_id);
CREATE INDEX intents_of_job ON intents (job_id);
