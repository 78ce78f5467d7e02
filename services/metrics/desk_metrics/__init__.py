"""The metrics service of the experience desk; `service.py` wires it, `domain/` decides."""
