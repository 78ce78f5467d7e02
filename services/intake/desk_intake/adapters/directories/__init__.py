"""Directories of accounts and devices."""
