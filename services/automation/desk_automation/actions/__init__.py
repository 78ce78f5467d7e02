"""What is done to a target: planned, carried out by an executor, its secrets left out."""
