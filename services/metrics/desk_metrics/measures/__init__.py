"""What the desk's work adds up to: contributions to days, their sums, figures."""
