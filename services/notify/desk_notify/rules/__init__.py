"""What is told to whom because of which event."""
