"""A run from its match to its end, with its journal."""
