"""Short runs first: rounds of successive halving, and what a ranking after a share of the budget is worth."""

from __future__ import annotations

from dataclasses import dataclass

_THIRD = 3
"""Successive halving goes on with the best third, three times as long (Li et al. 2018)."""
_SHORTEST = 27
"""A shorter first run than 1/27 of the budget was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What following a short run's ranking costs, see docs/search.md.

    Parameters
    ----------
    share
        Of the full budget.
    near, fine
        Share of recorded grids in which the leader after the short run ends within 2 %, or 10 %, of the best reduction.
    lower
        Share of them in which the rate a step below that leader ends within 2 %.
    kept
        Share of them in which the best third holds a rate that ends within 2 %.
    shift
        Typical rate of the leader over the one that is best in the end.
    """

    share: float
    near: float
    fine: float
    lower: float
    kept: float
    shift: float


TRUST = (
    Trust(share=1 / 32, near=0.77, fine=0.89, lower=0.84, kept=1.00, shift=2.45),
    Trust(share=1 / 16, near=0.77, fine=0.91, lower=0.86, kept=1.00, shift=2.02),
    Trust(share=1 / 8, near=0.82, fine=0.94, lower=0.86, kept=1.00, shift=1.64),
    Trust(share=1 / 4, near=0.87, fine=0.96, lower=0.85, kept=1.00, shift=1.49),
    Trust(share=1 / 2, near=0.93, fine=0.98, lower=0.77, kept=1.00, shift=1.17),
)
"""Measured on the recorded grids: ``python -m lrdoctor.trials ranking``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A round of successive halving: so many runs, each up to this share of the budget; `length` is None if unknown."""

    runs: int
    share: float
    length: int | None


def halving(runs: int, length: int | None) -> tuple[Rung, ...]:
    """Rounds of successive halving: all runs for a short time, the best third three times as long, and so on.

    Parameters
    ----------
    runs
        At the start.
    length
        Of a full run; None if unknown.
    """
    if runs < 1:
        return ()
    counts = [runs]
    while counts[-1] > 1 and _THIRD ** len(counts) <= _SHORTEST:
        counts.append(-(-counts[-1] // _THIRD))
    shares = [_THIRD ** -(len(counts) - 1 - place) for place in range(len(counts))]
    return tuple(
        Rung(runs=count, share=share, length=None if length is None else max(round(share * length), 1))
        for count, share in zip(counts, shares, strict=True)
    )


def trust_at(share: float) -> Trust:
    """What a ranking after this share of the budget is worth: the longest measured share that is no longer."""
    return next((row for row in reversed(TRUST) if row.share <= share * 1.001), TRUST[0])
