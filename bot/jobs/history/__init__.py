"""What a person looks back at: their jobs, page by page."""
