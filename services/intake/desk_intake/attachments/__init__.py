"""Files that people attach to tickets: told by their content, kept by reference."""
