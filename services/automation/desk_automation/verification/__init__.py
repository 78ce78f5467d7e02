"""Fresh telemetry, and whether it shows a cure."""
