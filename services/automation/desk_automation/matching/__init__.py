"""From a signal to a run: the compiled runbooks of the charter."""
