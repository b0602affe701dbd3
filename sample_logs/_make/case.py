"""What a case is: a training, the log of it, and what an expert who could train again would say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from _make.loop import Training

Settings = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One folder of sample logs.

    Parameters
    ----------
    folder
        Its name.
    format
        The reader that should read it.
    run
        Trains with the settings, writes the log into the folder, and returns the outcome.
    settings
        Of the training whose log is kept.
    others
        Changes to the settings that were tried as well; their outcomes are written beside the expectation.
    measure
        The outcome that is compared, lower is better: `final` (mean loss over the training part after
        the last step), `final_val` (validation loss then) or `best_val` (lowest validation loss).
    verdict
        Verdicts that an expert could give, the best first.
    direction
        What the LR needs: down, up or keep; several with "|" between, the best first.
    codes
        Findings that have to be there, where the symptom is plain.
    why
        What happened and how one sees it.
    gain
        What the best of `others` has to gain, as a fraction of this outcome, for a sick run; a healthy run
        must not be beaten by that much.
    """

    folder: str
    format: str
    run: Callable[..., Training]
    settings: Settings
    others: tuple[Settings, ...] = ()
    measure: str = "final"
    verdict: tuple[str, ...]
    direction: str
    why: str
    gain: float = 0.1
    codes: tuple[str, ...] = ()

    def expected(self, folder: Path, scratch: Callable[[], Path]) -> Settings:
        """Train, write the log into `folder`, try the others, and say what is expected of the log.

        Raises
        ------
        AssertionError
            The trainings do not bear out what the case claims.
        """
        base = getattr(self.run(folder, **self.settings), self.measure)
        tried = [
            (change, getattr(self.run(scratch(), **self.settings | change), self.measure))
            for change in self.others
        ]
        self._check(base, tried)
        shown = {
            key: value for key, value in self.settings.items() if key in ("lr", "schedule", "steps", "epochs")
        }
        return {
            "verdict": list(self.verdict),
            "direction": self.direction,
            "codes": list(self.codes),
            "format": self.format,
            "runs": 1,
            "why": self.why,
            "trained": {
                "measure": self.measure,
                "this": shown | {"result": _number(base)},
                "others": [change | {"result": _number(value)} for change, value in tried],
            },
        }

    def _check(self, base: float, tried: list[tuple[Settings, float]]) -> None:
        """The direction that is claimed must be the one in which trainings got better."""
        lr = self.settings.get("lr", 0.0)
        better = [change for change, value in tried if value < base * (1 - self.gain)]
        where = {
            "up" if each.get("lr", lr) > lr else "down" if each.get("lr", lr) < lr else "keep"
            for each in better
        }
        claim = f"{self.folder}: {base:.4g}, tried {[(change, round(value, 4)) for change, value in tried]}"
        if self.verdict[0] in ("healthy", "inconclusive", "overfitting"):
            assert not better, f"could be better: {claim}"
        elif tried:
            assert where, f"nothing that was tried is better: {claim}"
            assert where <= set(self.direction.split("|")), f"the other way: {claim}"


def _number(value: float) -> float | str:
    return float(f"{value:.4g}") if value < float("inf") else "Infinity"
