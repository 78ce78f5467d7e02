"""Channels besides Kafka, a file each."""
