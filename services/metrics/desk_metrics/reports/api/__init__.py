"""The HTTP side of reports."""
