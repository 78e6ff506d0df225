"""What an operator's monitoring asks for: metrics, health, and the service manager's watchdog."""
