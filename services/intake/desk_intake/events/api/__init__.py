"""The way in for such events over HTTP."""
