"""The intake service of the experience desk; `main.py` wires it, `domain/` decides."""
