"""Who may spend what, and what was spent."""
