"""The kinds of executors."""
