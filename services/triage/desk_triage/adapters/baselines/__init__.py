"""Plain methods that every measurement of ours stands beside."""
