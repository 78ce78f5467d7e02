"""Judges early warning on labelled series and on made disks, with the one default configuration."""
