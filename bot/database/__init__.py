"""The database: one transaction at a time, and plain SQL that PostgreSQL understands too."""
