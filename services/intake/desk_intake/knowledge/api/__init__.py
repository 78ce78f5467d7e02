"""The HTTP side of articles."""
