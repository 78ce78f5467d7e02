"""The automation service of the experience desk; `main.py` wires it, `domain/` decides."""
