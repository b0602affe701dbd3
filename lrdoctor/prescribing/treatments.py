"""What a decay, a warm-up or clipping did for trial runs with the same verdict: measured, not believed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lrdoctor.wording import share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrdoctor.records import Verdict

__all__ = ["DATA", "Effect", "best_decay", "clipping", "clipping_in_words", "effect"]

DATA = "treatments.toml"
"""Written by `python -m lrdoctor.trials treat` from the recorded grids."""
Decay = Literal["cosine", "warmup_cosine", "one_cycle", "step"]
_DECAYS: tuple[Decay, ...] = ("cosine", "warmup_cosine", "one_cycle", "step")
_HELPS = 0.15
"""Share of the reruns that a treatment must improve..."""
_HARMS = 0.05
"""...and the share that it may make worse, to be advised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a treatment did for runs with one verdict, as shares.

    Parameters
    ----------
    runs, grids
        How many it rests on.
    better, worse
        Reruns at the advised rate that it changed by more than 2 % of the best untreated run's loss reduction.
    lowered, low, high
        How much lower the final loss of that rerun was with it: median, 10 % and 90 % quantile.
    rescued
        Runs that it improved by more than 2 % at their old rate, with nothing else changed.
    """

    runs: int
    grids: int
    better: float
    worse: float
    lowered: float
    low: float
    high: float
    rescued: float


@cache
def _effects() -> Mapping[str, Mapping[str, Effect]]:
    import tomllib

    try:
        data = tomllib.loads(Path(__file__).with_name(DATA).read_text(encoding="utf-8"))
    except FileNotFoundError:  # about to be measured anew
        return {}
    return {
        verdict: {name: Effect(**values) for name, values in by_name.items()}
        for verdict, by_name in data.items()
        if isinstance(by_name, dict)
    }


def effect(verdict: Verdict, treatment: str) -> Effect | None:
    """What the trials say; None where too few runs had this verdict."""
    return _effects().get(verdict.value, {}).get(treatment)


def best_decay(verdict: Verdict) -> Decay | None:
    """The decay that helped most reruns of such runs; None if none helped enough."""
    known = [(name, found) for name in _DECAYS if (found := effect(verdict, name)) is not None]
    helpful = [(e.better, name) for name, e in known if e.better >= _HELPS and e.worse <= _HARMS and e.lowered > 0]
    return max(helpful)[1] if helpful else None


def clipping(verdict: Verdict) -> Effect | None:
    """What clipping did, where it did no harm."""
    found = effect(verdict, "clip")
    return found if found is not None and found.worse <= _HARMS and found.rescued >= _HELPS else None


def clipping_in_words(found: Effect) -> str:
    """What clipping did in the trials, a sentence."""
    return f"Clipping alone mended {share(found.rescued)} of {found.runs} such trial runs."
