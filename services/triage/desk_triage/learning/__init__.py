"""Learning from finished tickets: run by people now and then, never by the service."""
