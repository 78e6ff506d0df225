"""The Discord side: the client, and everything that it shows and receives."""
