"""Choose the gateway: which serves a model, which is healthy, and which comes next."""
