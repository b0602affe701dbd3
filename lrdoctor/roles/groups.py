"""Which of several learning rates are those of parameter groups of one optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.patterns import pattern
from lrdoctor.records import Role
from lrdoctor.roles.reading import read_tag

if TYPE_CHECKING:
    from lrdoctor.records import Run, Series

_OPTIMIZER = pattern(r"(\w*adam\w*|\w*sgd\w*|rmsprop|ada\w+|lion|lamb|lars|muon|shampoo|soap)$")
_WORDS = frozenset({"pg", "group", "param group", "params group", "parameter group"})


def parameter_groups(run: Run) -> list[Series]:
    """Learning rates of the parameter groups of a run, in the order of the log.

    ``lr-AdamW/pg1``, ``lr/group_0``, ``train/lr_pg0``, ``x/lr0``, ``lr_head`` and ``lr_backbone`` name groups; a plain
    ``lr`` beside named ones is a group of its own if it differs from all of them. Configured rates, the two players of
    a game and two optimizers (``lr-Adam``, ``lr-Adam-1``) are none.

    Parameters
    ----------
    run
        With roles assigned.

    Returns
    -------
    At least two, or an empty list.
    """
    import numpy as np

    named: dict[tuple[str, ...], Series] = {}
    plain: list[Series] = []
    for series in run.with_role(Role.LR):
        reading = read_tag(series.tag)
        if len(series) == 0 or reading.marks & {"configured", "against", "extreme"}:
            continue
        if reading.player:
            return []
        words = reading.qualifiers + reading.scope
        key = tuple(word for word in words if not _OPTIMIZER.match(word) and word not in _WORDS)
        if len(key) < len(words) and key and key[0].isdigit() and not _WORDS & set(words):
            return []  # lr-Adam beside lr-Adam-1: two optimizers
        if len(key) == 0 and not (_WORDS & set(words)):
            plain.append(series)
            continue
        key = key or (series.tag,)
        if key not in named or len(series) > len(named[key]):
            named[key] = series
    groups = list(named.values())
    if groups and plain:
        whole = max(plain, key=len)
        if not any(np.array_equal(whole.value, other.value, equal_nan=True) for other in groups):
            groups.insert(0, whole)
    return groups if len(groups) > 1 else []
