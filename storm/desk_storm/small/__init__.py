"""A small storm: a minute of a desk with liars around it, no faults, to try the laws themselves."""
