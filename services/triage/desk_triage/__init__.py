"""The triage service of the experience desk; `service.py` is its table, each feature a room."""
