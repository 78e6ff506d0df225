"""Build the paid request: its URL, headers, fields and body."""
