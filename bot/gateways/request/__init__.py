"""Build the paid request: its address, headers, fields and body."""
