"""The life of a job: from an accepted request to delivered and charged pictures."""
