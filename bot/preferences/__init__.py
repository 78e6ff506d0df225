"""Settings of servers, preferences and presets of people, access rules, image options."""
