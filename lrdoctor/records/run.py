"""One training."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from lrdoctor.records.series import Role, Series

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

Hyperparameter = float | int | str | bool | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """One training: its curves, and what is known of how it was set up.

    Parameters
    ----------
    id
        Unique within a diagnosis; the path of the run below what the user named.
    source
        The file or directory the run was read from, as the user can open it.
    format
        Name of the reader, e.g. ``"lightning-csv"``.
    series
        Curves by tag, in the order of the log.
    hyperparameters
        As found, under the names ``lr``, ``optimizer``, ``batch_size``, ``schedule``, ``momentum``,
        ``weight_decay``, ``clip_norm``, ``epochs``, ``max_steps``, ``warmup_steps``; anything else that
        was found keeps its own name.
    notes
        What reading had to mend (truncated tail, restart merged, duplicates dropped), a sentence each.
    """

    id: str
    source: str
    format: str
    series: Mapping[str, Series]
    hyperparameters: Mapping[str, Hyperparameter] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "series", MappingProxyType(dict(self.series)))
        object.__setattr__(self, "hyperparameters", MappingProxyType(dict(self.hyperparameters)))

    def __repr__(self) -> str:
        return f"Run({self.id!r}, {self.format}, {list(self.series.values())})"

    def with_role(self, role: Role) -> list[Series]:
        """All curves of one role, in the order of the log."""
        return [series for series in self.series.values() if series.role is role]

    def to_frame(self) -> pd.DataFrame:
        """Every point of every curve as a pandas DataFrame.

        Returns
        -------
        One row per point that was logged, in the order of the log, with columns ``tag``, ``role`` (None until
        roles are assigned), ``unit`` (what the step counts), ``step``, ``value``, and ``wall_time`` (seconds since
        the epoch, NaN where not logged). ``frame.pivot_table(index="step", columns="tag", values="value")`` makes a
        column of each curve.
        """
        import numpy as np
        import pandas as pd

        curves = list(self.series.values())
        lengths = [len(series) for series in curves]
        times = [np.full(len(s), np.nan) if s.wall_time is None else s.wall_time for s in curves]
        return pd.DataFrame(
            {
                "tag": np.repeat(np.array([series.tag for series in curves], dtype=object), lengths),
                "role": np.repeat(np.array([series.role and str(series.role) for series in curves], object), lengths),
                "unit": np.repeat(np.array([series.unit for series in curves], dtype=object), lengths),
                "step": np.concatenate([np.array([], np.int64), *(series.step for series in curves)]),
                "value": np.concatenate([np.array([]), *(series.value for series in curves)]),
                "wall_time": np.concatenate([np.array([]), *times]),
            }
        )
