"""The database: connections, transactions and migrations, in SQL that PostgreSQL shares."""
