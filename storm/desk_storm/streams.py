"""Chance, drawn apart for each who acts: what one does never shifts what another draws."""

import random


def stream(seed: int, actor: str) -> random.Random:
    """The same draws for the same seed and actor, whatever everybody else did meanwhile."""
    return random.Random(f"{seed}/{actor}")
