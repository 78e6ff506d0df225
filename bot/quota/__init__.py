"""Who may spend how many credits, and what was spent."""
