"""Which team takes a ticket, with which priority, and why."""
