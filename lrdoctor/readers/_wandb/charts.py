"""CSV exports of W&B charts: one metric of several runs side by side, over several files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._base import LogFile
from lrdoctor.readers._columns import read_columns
from lrdoctor.readers._points import Points, runs_from_points

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lrdoctor.records import Run, StepUnit

    Floats = NDArray[np.float64]

_BETWEEN = " - "
_STEP = f"{_BETWEEN}_step"
_BOUNDS = ("__MIN", "__MAX")
_CLOCKS = frozenset(("_runtime", "_timestamp", "_absolute_runtime"))


@dataclass(frozen=True, slots=True)
class _Curve:
    """One metric of one run in one file."""

    path: Path
    axis: str
    x: Floats
    value: Floats
    step: Floats | None
    """W&B's own step, where the file has it beside another x axis."""


@dataclass(slots=True)
class _Exported:
    """One run as it is spread over files."""

    curves: dict[str, _Curve] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_charts(paths: Sequence[Path], home: Path, format_name: str) -> list[Run]:
    """Read the exported charts of one directory.

    Parameters
    ----------
    paths
        The files.
    home
        Their directory.
    format_name
        Passed on to `Run`.

    Returns
    -------
    A run for each run name, with the metrics of all files that name it; its name is the local id.

    Raises
    ------
    ReadError
        No file could be read; the first reason.
    """
    exports: dict[str, _Exported] = {}
    failures: list[ReadError] = []
    for path in paths:
        try:
            _read_chart(path, exports)
        except ReadError as error:
            failures.append(error)
    found: list[Run] = []
    for name, exported in exports.items():
        for axis, curves in _by_axis(exported.curves).items():
            source = {curve.path for curve in curves.values()}
            label = f"{name} by {axis}" if axis else name
            origin = str(source.pop() if len(source) == 1 else home)
            found += [
                replace(run, id=".".join(part for part in (label, run.id) if part))
                for run in _runs(curves, origin, format_name, exported.notes)
            ]
    if not found:
        raise failures[0] if failures else NotALogError(home, "the exported charts hold no numbers")
    if failures:
        said = tuple(f"{error.source}: {error.reason}" for error in failures)
        found[0] = replace(found[0], notes=(*found[0].notes, *said))
    return [replace(found[0], id="")] if len(found) == 1 else found


def _read_chart(path: Path, exports: dict[str, _Exported]) -> None:
    """Sort the columns of one file to the runs that they belong to."""
    columns = read_columns(LogFile(path))
    table = columns.table
    axis, *names = [name for name in columns.dialect.names if name] or [""]
    known = {name.removesuffix(_STEP) for name in names if name.endswith(_STEP)}
    for name in names:
        if name not in table.columns or name.endswith((*_BOUNDS, _STEP)):
            continue
        run, metric = _split(name, known)
        if metric in _CLOCKS:
            continue
        chosen = table.present(name)
        x = np.arange(table.rows, dtype=np.float64)
        if axis in table.columns:
            x = table.columns[axis]
            chosen = chosen & np.isfinite(x)
        step = table.columns.get(f"{run}{_STEP}")
        if not chosen.any():
            continue
        exported = exports.setdefault(run, _Exported())
        same = exported.curves.get(metric)
        if (
            same is not None
            and np.array_equal(same.x, x[chosen])
            and np.array_equal(same.value, table.columns[name][chosen], equal_nan=True)
        ):
            continue  # exported twice
        label = metric if metric not in exported.curves else f"{metric} ({path.stem})"
        exported.curves[label] = _Curve(
            path, axis, x[chosen], table.columns[name][chosen], None if step is None else step[chosen]
        )
        exported.notes += [note for note in columns.notes if note not in exported.notes]
        low, high = (table.columns.get(name + bound) for bound in _BOUNDS)
        if low is not None and high is not None and np.any(high[chosen] > low[chosen]):
            what = "the runs of a group" if run.startswith("Group:") else "several steps"
            exported.notes.append(
                f"{metric!r}: a point is an average over {what}, as W&B draws it; spikes are flattened"
            )


def _by_axis(curves: dict[str, _Curve]) -> dict[str, dict[str, _Curve]]:
    """Curves that can share an axis: all of them, unless files are drawn over different ones.

    Then over W&B's step where the files tell it, otherwise apart. Axes are named only where there are
    several.
    """
    axes = {curve.axis for curve in curves.values()}
    if len(axes) == 1:
        return {"": curves}
    if all(curve.step is not None or _is_step(curve.axis) for curve in curves.values()):
        common = {
            name: curve
            if curve.step is None
            else replace(curve, axis="Step", x=np.round(curve.step), step=None)
            for name, curve in curves.items()
        }
        return {"": common}
    return {
        axis: {name: curve for name, curve in curves.items() if curve.axis == axis} for axis in sorted(axes)
    }


def _is_step(axis: str) -> bool:
    return axis.strip().lower() in ("step", "_step")


def _split(name: str, known: set[str]) -> tuple[str, str]:
    """Run and metric of a column; both may contain the separator, so that a known run name comes first."""
    parts = name.split(_BETWEEN)
    for count in range(len(parts) - 1, 0, -1):
        run = _BETWEEN.join(parts[:count])
        if run in known:
            return run, _BETWEEN.join(parts[count:])
    return _BETWEEN.join(parts[:-1]), parts[-1]


def _runs(curves: dict[str, _Curve], source: str, format_name: str, notes: Sequence[str]) -> list[Run]:
    """Curves over one axis; one that is not in whole numbers is replaced by W&B's step, or counted."""
    notes = list(notes)
    axis = next(iter(curves.values())).axis
    xs = {name: curve.x for name, curve in curves.items()}
    unit: StepUnit | None = "epoch" if axis.strip().lower().endswith("epoch") else None
    if not all(map(_whole, xs.values())):
        steps = {name: np.round(curve.step) for name, curve in curves.items() if curve.step is not None}
        if len(steps) == len(curves) and all(map(_whole, steps.values())):
            xs = steps
        else:
            ranks = np.unique(np.concatenate(list(xs.values())))
            xs = {name: np.searchsorted(ranks, x).astype(np.float64) for name, x in xs.items()}
            notes.append(f"the x axis {axis!r} is not in whole numbers: its points are counted")
        unit = None
    points = {name: Points(xs[name].astype(np.int64), curve.value) for name, curve in curves.items()}
    return runs_from_points(points, source=source, format_name=format_name, notes=notes, unit=unit)


def _whole(x: Floats) -> bool:
    return bool(np.all(x == np.round(x)) and np.all(np.abs(x) < 2**53))
