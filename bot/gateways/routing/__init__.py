"""Select gateways for a request: offered models, health, failover and alerts."""
