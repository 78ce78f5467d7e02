"""Who triage is on the bus."""

SOURCE = "/desk/triage"
