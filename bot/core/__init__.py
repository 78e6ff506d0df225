"""What every package uses: values, errors, clock, logging, texts and process locks."""
