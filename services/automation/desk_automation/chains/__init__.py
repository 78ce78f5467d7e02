"""The transitions that are published, chained so that none can be taken back unseen."""
