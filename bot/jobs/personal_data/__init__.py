"""What the bot keeps of one person: theirs to take along, and to have deleted."""
