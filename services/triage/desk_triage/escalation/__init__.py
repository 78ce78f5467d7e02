"""What is done when an SLA is at risk or breached, by levels that the charter writes down."""
