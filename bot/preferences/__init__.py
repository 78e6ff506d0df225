"""What servers and people made their custom: settings, preferences, presets, house rules."""
