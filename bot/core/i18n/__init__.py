"""The texts that people read, in each language, and their escaping for Discord."""
