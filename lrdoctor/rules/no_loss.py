"""OBJ101: there is no loss that a learning rate could be judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lrdoctor import synth
from lrdoctor.records import Finding, Role, Run, Severity, Verdict
from lrdoctor.rules._base import Example, Rule
from lrdoctor.rules._evidence import measured, over

if TYPE_CHECKING:
    from lrdoctor.signals.curve import Curve

_INSTEAD = (
    (Role.REWARD, "a reinforcement-learning return; its losses are no sign of convergence, judge it by the return"),
    (Role.ADVERSARIAL_LOSS, "losses of players in a game, which do not converge like a loss; judge it by its samples"),
    (Role.OBJECTIVE, "an objective that is maximised"),
    (Role.VAL_METRIC, "a metric"),
    (Role.TRAIN_METRIC, "a metric"),
)


class Settings(NamedTuple):
    """Thresholds of OBJ101."""

    min_losses: int = 1
    """Loss curves with at least one finite value that are needed."""


class NoLoss(Rule):
    """The log holds no loss curve.

    ## What it does
    Says what the log holds instead: a return, an adversarial game, a maximised objective, metrics only.

    ## Why is this bad?
    A learning rate cannot be judged by these alone, and reading them as a loss gives wrong advice.

    ## Example
    `ep_rew_mean`, `ep_len_mean` and `entropy_loss`, but no supervised loss.

    ## What to do
    Log the training loss. If a curve here is the loss, name it with `--role TAG=train_loss`.

    ## References
    Henderson et al. 2018, "Deep Reinforcement Learning that Matters".
    """

    code = "OBJ101"
    name = "no-loss"
    severity = Severity.INFO
    verdict = Verdict.INCONCLUSIVE
    settings = Settings()
    examples: ClassVar[tuple[Example, ...]] = (
        Example("a return only", synth.reward_only, fires=True),
        Example("a healthy descent", synth.healthy, fires=False),
    )

    def check(self, run: Run, curve: Curve | None, breakdown: object | None) -> Finding | None:
        """Fire when no curve could be prepared and no loss broke down either."""
        if curve is not None or breakdown is not None or not any(map(len, run.series.values())):
            return None
        series = max(run.series.values(), key=len)
        found = next((words for role, words in _INSTEAD if run.with_role(role)), "no curve that looks like a loss")
        return Finding(
            code=self.code,
            name=self.name,
            severity=self.severity,
            confidence=1.0,
            message=f"No loss to judge the learning rate by: the log holds {found}.",
            evidence=(
                measured("loss curves", 0.0, "<", float(self.settings.min_losses), series.tag, over(series), "curves"),
            ),
        )


RULE = NoLoss()
