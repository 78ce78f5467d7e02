"""Pure rules of notify: same input, same output."""
