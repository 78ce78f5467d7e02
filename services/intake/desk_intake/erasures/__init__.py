"""Erasing people, and texts that are too old: who asks, and what is asked of every service."""
