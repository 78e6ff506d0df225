"""What Discord shows."""
