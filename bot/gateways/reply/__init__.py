"""Read the reply: JSON, event streams, base64 pictures, tasks and errors."""
