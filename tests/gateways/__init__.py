"""The gateway room against strict loopback fakes."""
