"""Who may paint now: fair slots in total, per person and per server."""
