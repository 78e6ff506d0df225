"""Export and deletion of what the bot stores about one person."""
