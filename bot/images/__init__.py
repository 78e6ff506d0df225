"""Image files: their format, conversion, thumbnails, references and where they are kept."""
