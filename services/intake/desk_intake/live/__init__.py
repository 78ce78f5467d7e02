"""Tickets as they change, for front ends that stay connected."""
