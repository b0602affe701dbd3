"""GRP102: a parameter group has a rate of zero while others train."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor.errors import Unavailable
from lrdoctor.records import Finding, Severity, Span
from lrdoctor.roles import parameter_groups
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import confidence, measured
from lrdoctor.rules._setups import groups
from lrdoctor.wording import at, counted

if TYPE_CHECKING:
    from lrdoctor.records import Run


class Settings(NamedTuple):
    """Thresholds of GRP102."""

    min_points: int = 3
    """Logged points at which the group stood still while others trained."""
    min_share: float = 0.05
    """Share of the run up to which a group that starts later is only warming up in its own way."""


class FrozenGroup(Rule):
    """A parameter group has a learning rate of zero while the others train.

    ## What it does
    Looks for groups whose logged rate is zero throughout, or until some step, while that of another group is not.

    ## Why is this bad?
    It is not if the group is frozen on purpose, as the body in the first phase of fine-tuning. Where it was meant to
    train, nothing in the loss says that it does not.

    ## Example
    lr/backbone 0, lr/head 1e-3.

    ## What to do
    If it is meant, nothing. To thaw it, give it a tenth to a hundredth of the head's rate.

    ## References
    Howard & Ruder 2018 (ULMFiT, gradual unfreezing).
    """

    code = "GRP102"
    name = "frozen-group"
    severity = Severity.INFO
    verdict = None
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("a frozen body", lambda: groups({"lr/backbone": 0.0, "lr/head": 1e-3}), fires=True),
        Example("thawed half way", lambda: groups({"lr/backbone": (0.0, 1e-4), "lr/head": 1e-3}), fires=True),
        Example("a slow body", lambda: groups({"lr/backbone": 1e-5, "lr/head": 1e-3}), fires=False),
    )

    def check(self, run: Run) -> Finding | None:
        """Fire where a group stands still for more than a moment."""
        from lrdoctor.signals._groups import relate

        members = parameter_groups(run)
        found = relate(members) if members else None
        if found is None:
            raise Unavailable("no learning rates of several parameter groups")
        s, length = self.settings, max(found.last_step - found.first_step, 1)
        until = [
            found.last_step if frozen else int(thawed)
            for frozen, thawed in zip(found.frozen, found.thawed, strict=True)
        ]
        still = [n for n, step in enumerate(until) if step - found.first_step > s.min_share * length]
        if not still or found.points < s.min_points:
            return None
        longest = max(until[n] for n in still)
        tags = [members[n].tag for n in still]
        words = [f"{members[n].tag} until {at(until[n], members[n].unit)}" for n in still if not found.frozen[n]]
        whole = [members[n].tag for n in still if found.frozen[n]]
        said = [*([", ".join(whole[:4]) + " all along"] if whole else []), *words[:4]]
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=confidence((longest - found.first_step) / length / s.min_share, points=found.points),
            message=f"{counted(len(tags), 'parameter group')} of {len(members)} frozen, with a rate of zero: "
            f"{'; '.join(said)}.",
            evidence=(
                measured(
                    "share of the run with a rate of zero", (longest - found.first_step) / length, ">", s.min_share,
                    tags[0], Span(first_step=found.first_step, last_step=longest),
                ),
            ),
        )  # fmt: skip


RULE = FrozenGroup()
