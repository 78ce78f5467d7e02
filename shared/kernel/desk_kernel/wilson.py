"""Wilson's score interval (E. B. Wilson, 1927): what a share of a few says of the share of all."""

import math


def wilson(part: int, whole: int, z: float) -> tuple[float, float]:
    """Its limits, for `whole` > 0; `z` is the quantile of the normal distribution (1.96: 95 %)."""
    share, square = part / whole, z * z / whole
    middle = (share + square / 2) / (1 + square)
    half = z * math.sqrt(share * (1 - share) / whole + square / (4 * whole)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)
