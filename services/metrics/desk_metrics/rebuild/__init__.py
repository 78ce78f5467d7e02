"""Metrics made again from the log, and compared with the living one."""
