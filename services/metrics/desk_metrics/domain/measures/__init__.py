"""What is measured, a noun a file: definition, unit and formula stand in each docstring."""
