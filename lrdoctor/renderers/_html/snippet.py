"""The plan of a run as code to copy, for each framework that there is code for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.errors import UsageError
from lrdoctor.renderers import _words as words

if TYPE_CHECKING:
    from lrdoctor.records import RunDiagnosis

_TITLES = {
    "pytorch": "PyTorch", "huggingface": "Transformers", "lightning": "Lightning", "keras": "Keras", "optax": "Optax",
}  # fmt: skip


def snippets(said: RunDiagnosis) -> dict[str, str]:
    """The code by the name of its framework; none where the plan leaves the rate and its schedule as they are, or the
    log does not tell how high the rate and how long the run was.
    """
    from lrdoctor.prescribing.schedules import FRAMEWORKS, schedule

    if words.keeps_rate(said.plan) and said.plan.schedule is None:
        return {}
    try:
        made = schedule(said)
    except UsageError:
        return {}
    return {_TITLES.get(name, name): made.code(name) for name in FRAMEWORKS}
