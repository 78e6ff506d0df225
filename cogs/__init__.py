"""The doors: what people do in Discord, turned into calls of the studio."""
