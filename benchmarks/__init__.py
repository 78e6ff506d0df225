"""What the README claims, measured side by side."""
