"""What each topic carries: one module for each topic, one class for each type of event."""
