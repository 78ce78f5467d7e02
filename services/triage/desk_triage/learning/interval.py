"""Exact limits of a share, from counts alone (Clopper and Pearson, 1934)."""

# One-sided: so probably the true share is not below the lower limit. Weeks to come are never quite
# like those that a threshold was found on.
CONFIDENCE = 0.99


def find_lower(right: int, count: int, confidence: float = CONFIDENCE) -> float:
    """The lowest share that `right` of `count` speak for, one-sided; 0 of nothing."""
    from scipy.special import betaincinv  # noqa: PLC0415  (only those who learn have the library)

    return float(betaincinv(right, count - right + 1, 1 - confidence)) if right else 0.0


def find_limits(right: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Both limits, two-sided; all is possible of nothing."""
    from scipy.special import betaincinv  # noqa: PLC0415  (as above)

    half = (1 + confidence) / 2
    upper = float(betaincinv(right + 1, count - right, half)) if right < count else 1.0
    return find_lower(right, count, half), upper
