"""GRP101: parameter groups train at different rates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.errors import Unavailable
from lrdoctor.records import Finding, Severity, Span
from lrdoctor.roles import parameter_groups
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.rules._setups import groups
from lrdoctor.wording import figure, times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.records import Run, Series
    from lrdoctor.signals._groups import Relations


class Settings(NamedTuple):
    """Thresholds of GRP101."""

    min_points: int = 5
    """Logged steps; fewer may all belong to a warm-up that differs from group to group."""
    min_ratio: float = 1.05
    """Highest rate over lowest. Smaller differences are rounding."""
    lowest_decay: float = 0.5
    """Factors from layer to layer in use: BEiT and MAE 0.65 to 0.75, ELECTRA 0.8 (ULMFiT 1/2.6)..."""
    highest_decay: float = 0.9
    """...up to this one."""
    lowest_head: float = 10.0
    """A new head's rate over that of a pretrained body..."""
    highest_head: float = 100.0
    """...and up to this one."""


class LayerwiseRates(Rule):
    """Several learning rates were logged: they are the parameter groups of one optimizer, at different rates.

    ## What it does
    Puts the logged rates of the groups side by side: their ratios, the factor from layer to layer where three or more
    rates are geometric, head against body where there are two. The highest rate is what this diagnosis calls the rate.

    ## Why is this bad?
    It is not; it is what fine-tuning and very deep networks gain from. But a dose applies to all groups alike, and a
    ratio that nobody meant (a group that kept its old rate after the other one was changed) looks the same.

    ## Example
    lr-AdamW/pg1 at 1e-5 and lr-AdamW/pg2 at 1e-3: a body, and a head at 100 times its rate.

    ## What to do
    For fine-tuning: a factor of 0.5 to 0.9 from layer to layer down from the head, or a new head at 10 to 100 times the
    rate of the body; `lrdoctor.layerwise` computes the rates. From scratch one rate is enough. Multiply all groups by
    the same factor when the rate is changed.

    ## References
    Howard & Ruder 2018 (ULMFiT, discriminative fine-tuning); Clark et al. 2020 (ELECTRA); Bao et al. 2022 (BEiT).
    """

    code = "GRP101"
    name = "layer-wise-rates"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("head and body", lambda: groups({"lr-AdamW/pg1": 1e-5, "lr-AdamW/pg2": 1e-3}), fires=True),
        Example(
            "decayed by 0.8 from layer to layer",
            lambda: groups({f"lr/group_{n}": 1e-3 * 0.8 ** (3 - n) for n in range(4)}),
            fires=True,
        ),
        Example("two groups at one rate", lambda: groups({"lr/group_0": 1e-3, "lr/group_1": 1e-3}), fires=False),
    )

    def check(self, run: Run) -> Finding | None:
        """Fire where the rates of the groups differ for most of the run."""
        from lrdoctor.signals._groups import relate

        members = parameter_groups(run)
        found = relate(members) if members else None
        if found is None:
            raise Unavailable("no learning rates of several parameter groups")
        lowest = found.levels[-1]
        if 1 / lowest < self.settings.min_ratio or not found.steady or found.points < self.settings.min_points:
            return None
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence(1 / lowest / self.settings.min_ratio * 2, points=found.points),
            message=self._said(found, members),
            evidence=(
                measured(
                    "highest over lowest rate of the groups", 1 / lowest, ">=", self.settings.min_ratio,
                    members[int(found.ratio.argmax())].tag,
                    Span(first_step=found.first_step, last_step=found.last_step),
                ),
            ),
        )  # fmt: skip

    def _said(self, found: Relations, members: Sequence[Series]) -> str:
        s, top = self.settings, members[int(found.ratio.argmax())].tag
        number = len(members) - int(found.frozen.sum())
        if not math.isnan(found.decay):
            usual = s.lowest_decay <= found.decay <= s.highest_decay
            fits = "as usual" if usual else f"usual are {s.lowest_decay:g} to {s.highest_decay:g}"
            return (
                f"{number} parameter groups at {len(found.levels)} rates, {figure(found.decay, 2)} times as high from "
                f"one to the next ({fits}); {top} has the highest."
            )
        ratio = 1 / found.levels[-1]
        if len(found.levels) == 2:
            usual_head = f"; {s.lowest_head:g} to {s.highest_head:g} times is usual for a new head on a pretrained body"
            head = usual_head if ratio > s.highest_head * 1.01 else ""
            slow = members[min(range(len(members)), key=lambda n: (bool(found.frozen[n]), found.ratio[n]))].tag
            return f"The rate of {top} is {times(ratio)} that of {slow}{head}."
        levels = f"{number} parameter groups at {len(found.levels)} rates"
        return f"{levels}; the highest ({top}) is {times(ratio)} the lowest."


RULE = LayerwiseRates()
