"""Quantiles of the standard normal distribution."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1024)
def normal_quantile(share: float) -> float:
    """The value below which `share` of it lies: 1.96 for 0.975. Raises ValueError outside of 0 … 1."""
    from statistics import NormalDist  # noqa: PLC0415  (3 ms, and most comparisons ask for none)

    return NormalDist().inv_cdf(share)
