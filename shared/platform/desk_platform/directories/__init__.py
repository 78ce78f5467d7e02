"""Directories of accounts and devices, for the services that change accounts."""
