"""What the five services share: events, bus, store, charter, telemetry and HTTP manners."""
