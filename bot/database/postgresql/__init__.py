"""PostgreSQL: connections with a thread each, through psycopg."""
