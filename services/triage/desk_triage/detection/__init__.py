"""Trouble seen in telemetry and alerts: signals raised once and cleared once."""
