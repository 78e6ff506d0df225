"""The bot in a browser, without a token or a key."""
