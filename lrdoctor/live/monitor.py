"""A monitor that takes points as they come and says at any moment what a diagnosis of them all would say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.live._numbers import numbers_of, whole
from lrdoctor.live._rows import Rows
from lrdoctor.readers._points import table_from_rows
from lrdoctor.readers._table import Table, runs_from_table
from lrdoctor.records import Run, Verdict
from lrdoctor.wording import at, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lrdoctor.config import Config
    from lrdoctor.records import RunDiagnosis, StepUnit
    from lrdoctor.rules._base import Rule

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_MOST_KINDS = 1000
"""Different sets of names that are followed; a name that is made up anew at every step is none to judge by."""
_FARTHEST = 2**53
_FEWEST, _GROWTH = 20, 0.05
"""A new diagnosis is due after this many calls, and after the run has grown by this share: so the cost of diagnoses
is shared by ever more points, and nothing is noticed later than a twentieth of the run so far."""


class Monitor:
    """Follows one training: `log` its numbers, `check` what they say.

    Up to 65,536 calls of one kind (with the same names) `check` answers exactly what `lrdoctor.diagnose` answers on the
    same data; beyond that the points are thinned (see `lrdoctor.live._rows`), so that memory stays bounded, and the
    answer is that for the thinned curves.

    Parameters
    ----------
    hyperparameters
        What is known of the setup, in any nesting and spelling (``vars(args)``, a config): the optimizer's name, its
        rate, the batch size.
    total_steps
        Planned length, in the unit of the steps; default: what `hyperparameters` say. With it an early verdict says
        how likely it is to stand at the end.
    unit
        What steps count: step, epoch, token or sample.
    name
        Of the run, in the diagnosis.
    roles
        Roles by name of curve, as for `lrdoctor.diagnose`.
    config
        Settings, as for `lrdoctor.diagnose`.
    more
        More hyperparameters: ``optimizer="adam", lr=1e-3, batch_size=32``.

    Raises
    ------
    ConfigError
        A role or a setting is unknown.

    Examples
    --------
    >>> monitor = Monitor(optimizer="adam", batch_size=32, total_steps=300)
    >>> for step in range(300):
    ...     monitor.log(step, loss=2.0 / (1 + step), lr=1e-3)
    >>> str(monitor.check().verdict)
    'healthy'
    """

    def __init__(
        self,
        hyperparameters: Mapping[str, Any] | None = None,
        *,
        total_steps: int | None = None,
        unit: StepUnit = "step",
        name: str = "run",
        roles: Mapping[str, str] | None = None,
        config: Config | None = None,
        **more: Any,
    ) -> None:
        from lrdoctor.readers._hyper import find_hyperparameters
        from lrdoctor.roles import RoleOverrides

        self.name, self.unit = name, unit
        self.hyperparameters = find_hyperparameters({**(hyperparameters or {}), **more})
        self.total_steps, self._config = total_steps, config
        # One set of names serves the whole training: a curve that is not there yet may come.
        self._roles = RoleOverrides({**(config.roles if config is not None else {}), **(roles or {})})
        self._kinds: dict[tuple[str, ...], Rows] = {}
        self._calls = self._last = 0
        self._due = _FEWEST
        self._finite = True
        self._said: RunDiagnosis | None = None
        self._rules: Sequence[Rule] | None = None

    def __repr__(self) -> str:
        calls = f"{counted(self._calls, 'call')}, last at {at(self._last, self.unit)}"
        return f"Monitor({self.name!r}, {calls if self._calls else 'nothing logged'})"

    def log(
        self, step: int | Mapping[str, Any] | None = None, values: Mapping[str, Any] | None = None, /, **named: Any
    ) -> None:
        """Take the numbers of one step; costs a microsecond or two.

        ``log(step, loss=..., lr=...)``, ``log(step, {"loss": ...})`` or ``log({"loss": ...}, step=...)``. Names are
        those of the training's own log. Tensors of one element count as numbers; what is no number is passed over.

        Parameters
        ----------
        step
            Which step; by default the one after the last.
        values, named
            The numbers. NaN and infinity are numbers here; None is not.

        Raises
        ------
        UsageError
            The step is not a whole number.
        """
        if isinstance(step, Mapping):
            values, step = step, None
        if values is not None:
            named = numbers_of({**values, **named})
        if step is None:
            step = named.pop("step", None)
        row = [value for value in named.values() if type(value) is float]
        if len(row) != len(named):
            named = numbers_of(named)
            row = list(named.values())
        if not row:
            return
        if type(step) is not int or not -_FARTHEST < step < _FARTHEST:
            step = whole(step, self._last + 1 if self._calls else 0)
        kind = tuple(named)
        rows = self._kinds.get(kind)
        if rows is None:
            if len(self._kinds) >= _MOST_KINDS:
                return
            rows = self._kinds[kind] = Rows(kind)
        rows.append(step, self._calls, row)
        self._calls += 1
        self._last = step
        self._said = None
        if self._finite and sum(row) * 0.0 != 0.0:
            self._finite, self._due = False, self._calls

    @property
    def nbytes(self) -> int:
        """Memory that the logged numbers take."""
        return sum(rows.nbytes for rows in self._kinds.values())

    def check(self) -> RunDiagnosis:
        """Diagnose what has been logged so far; costs nothing where nothing is new.

        The answer is that of `lrdoctor.diagnose`. Where the planned length is known and not reached, the plan's
        confidence is lowered by the chance that the verdict changes, and a note says so. Training that went back to
        the beginning has started anew: the last one is judged.
        """
        if self._said is None:
            from lrdoctor.engine import diagnose_run
            from lrdoctor.live._early import tempered

            said = diagnose_run(self.run(), self._known_rules())
            if not said.run.series:
                said = replace(said, verdict=Verdict.INCONCLUSIVE)
            self._said = tempered(said, self.total_steps)
        return self._said

    def poll(self) -> RunDiagnosis | None:
        """Diagnose if it is worth the time: the run has grown by a twentieth, or a number has ceased to be one.

        For calling after every `log`: all diagnoses together then cost a fixed time per point.
        """
        if self._calls < self._due:
            return None
        self._due = self._calls + max(_FEWEST, int(_GROWTH * self._calls))
        return self.check()

    def run(self) -> Run:
        """What has been logged, as a run with roles: `lrdoctor.diagnose` and `lrdoctor.read` take it, too."""
        from lrdoctor.roles import assign_roles

        table, axis = self._table()
        runs = runs_from_table(
            table, source="<monitor>", format_name="monitor", hyperparameters=self.hyperparameters, axis=axis,
            unit=self.unit, blank_may_be_nan=False,
        )  # fmt: skip
        run = runs[-1] if runs else Run(
            id="", source="<monitor>", format="monitor", series={}, hyperparameters=self.hyperparameters
        )  # fmt: skip
        return assign_roles(replace(run, id=self.name), self._roles)

    def _table(self) -> tuple[Table, str]:
        """The calls as rows of one table, in their order, and its column of steps."""
        parts = [(rows.names, *rows.table()) for rows in self._kinds.values()]
        names = dict.fromkeys(name for part in parts for name in part[0])
        axis = "step" if "step" not in names else "\0step"
        if len(parts) == 1:
            (_, step, _, values), = parts
            columns = {axis: step.astype(np.float64)}
            columns.update((name, values[:, place].copy()) for place, name in enumerate(names))
            return Table(columns), axis
        call = np.concatenate([np.empty(0, np.int64), *(part[2] for part in parts)])
        order = np.sort(call)
        cells: dict[str, list[tuple[Ints, Floats]]] = {name: [] for name in (axis, *names)}
        for kind, step, called, values in parts:
            row = np.searchsorted(order, called)
            cells[axis].append((row, step.astype(np.float64)))
            for place, name in enumerate(kind):
                cells[name].append((row, values[:, place]))
        joined = {
            name: (np.concatenate([row for row, _ in some]), np.concatenate([value for _, value in some]))
            for name, some in cells.items() if some
        }  # fmt: skip
        table, _ = table_from_rows(order.size, joined, first=[axis])
        return table, axis

    def _known_rules(self) -> Sequence[Rule]:
        if self._rules is None:
            from lrdoctor.engine import all_rules

            self._rules = all_rules() if self._config is None else self._config.apply(all_rules())
        return self._rules
