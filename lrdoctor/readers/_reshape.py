"""Tables that hold several curves in one column or several runs below one another, put side by side.

Three things a text column can say: which metric a row's value belongs to (``step, metric, value``), which
data it was measured on (``phase = train, val``), which run it belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._axis import axis_rank, grows, is_axis_name, plain
from lrdoctor.readers._course import is_curve_name
from lrdoctor.readers._table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_METRIC_COLUMNS = ("tag", "metric", "metric_name", "key", "name", "variable", "series", "measure", "scalar")
_VALUE_COLUMNS = ("value", "val", "metric_value", "scalar_value")
_PHASE_COLUMNS = ("phase", "split", "mode", "set", "subset", "stage", "dataset", "part", "partition", "loop",
                  "type", "event", "kind")
_PHASES = {
    "train": "train", "training": "train", "trn": "train", "tr": "train", "fit": "train",
    "val": "val", "valid": "val", "validation": "val", "validate": "val", "dev": "val", "eval": "val",
    "evaluation": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
_RUN_COLUMNS = ("run", "run_id", "run_name", "run_uuid", "experiment", "experiment_name", "exp", "trial",
                "trial_id", "seed", "fold", "dir_name", "log_dir", "logdir", "replicate", "client", "client_id",
                "worker", "worker_id", "rank")  # fmt: skip
_MAX_RUNS, _MAX_METRICS, _MAX_CELLS = 1000, 2000, 100_000_000


def untangle(
    table: Table, text: Mapping[str, Sequence[str]]
) -> list[tuple[str, Table, dict[str, list[str]]]]:
    """Put side by side what a table has below one another.

    Parameters
    ----------
    table, text
        Numeric columns and others.

    Returns
    -------
    Name of the run ("" if there is one), its table, and the text columns that carried no such meaning.
    """
    left = {name: list(words) for name, words in text.items()}
    labels = _run_labels(table, left)
    if labels is None:
        return [("", _by_phase(_by_metric(table, left), left), left)]
    name, words = labels
    left.pop(name, None)
    table = Table(
        {n: v for n, v in table.columns.items() if n != name},
        {n: m for n, m in table.logged.items() if n != name},
    )
    codes, order = _codes(words)
    runs = []
    for code, label in enumerate(order):
        rows = np.flatnonzero(codes == code)
        mine = {column: [cells[i] for i in rows] for column, cells in left.items()}
        runs.append((label or "unnamed", _by_phase(_by_metric(table.take(rows), mine), mine), mine))
    return runs


def _codes(words: Sequence[str]) -> tuple[NDArray[np.int64], list[str]]:
    """A number for each word, and the words in order of appearance."""
    order: dict[str, int] = {}
    codes = np.fromiter((order.setdefault(word, len(order)) for word in words), np.int64, len(words))
    return codes, list(order)


def _run_labels(table: Table, text: Mapping[str, Sequence[str]]) -> tuple[str, Sequence[str]] | None:
    """The column that names the run of each row: several runs of several rows, and a step."""
    axes = [name for name in table.columns if is_axis_name(name) and plain(name) not in _RUN_COLUMNS]
    for wanted in _RUN_COLUMNS:
        for name in (*text, *table.columns):
            if plain(name) != wanted:
                continue
            if name in text:
                words: Sequence[str] = text[name]
            else:
                column = table.columns[name]
                if np.unique(column[:10_000]).size > _MAX_RUNS or not np.all(np.mod(column, 1) == 0):
                    continue
                words = [f"{wanted} {value:.0f}" for value in column]
            distinct = len(set(words))
            if 2 <= distinct <= _MAX_RUNS and len(words) >= 3 * distinct and axes:
                return name, words
    meaning = (*_METRIC_COLUMNS, *_PHASE_COLUMNS)
    for name, words in text.items():  # one model after another, each from its first step
        changes = [i for i in range(1, len(words)) if words[i] != words[i - 1]]
        distinct = len(set(words))
        restarts = any(_grows_in_each(table.columns[axis], changes) for axis in axes)
        if (
            plain(name) not in meaning
            and 2 <= distinct == len(changes) + 1
            and len(words) >= 3 * distinct
            and restarts
        ):
            return name, words
    return None


def _grows_in_each(axis: NDArray[np.float64], changes: Sequence[int]) -> bool:
    """Whether an axis counts up in each block and begins again where one ends."""
    blocks = np.split(axis, changes)
    return all(grows(block) for block in blocks) and all(axis[i] < axis[i - 1] for i in changes)


def _by_metric(table: Table, text: dict[str, list[str]]) -> Table:
    """Pivot ``step, metric, value`` into a column for each metric."""
    value = next((name for name in table.columns if plain(name) in _VALUE_COLUMNS), None)
    metric = next((name for name in text if plain(name) in _METRIC_COLUMNS), None)
    if value is None or metric is None:
        return table
    codes, order = _codes(text[metric])
    if len(order) > _MAX_METRICS:
        return table
    axes = sorted((rank[0], name) for name in table.columns if (rank := axis_rank(name)) is not None)
    rows, count = _lines(table, axes[0][1] if axes else None, codes)
    if count * len(order) > _MAX_CELLS:
        return table
    del text[metric]
    present = table.present(value)
    wide = Table({})
    for name, column in table.columns.items():
        if name != value:
            wide.columns[name] = np.full(count, np.nan)
            wide.columns[name][rows] = column
            if name in table.logged:
                wide.logged[name] = np.isfinite(wide.columns[name])
    for code, name in enumerate(order):
        mine = (codes == code) & present
        if name and mine.any():
            wide.columns[name] = np.full(count, np.nan)
            wide.columns[name][rows[mine]] = table.columns[value][mine]
            wide.logged[name] = np.zeros(count, bool)
            wide.logged[name][rows[mine]] = True
    for left, cells in text.items():
        merged = [""] * count
        for row, cell in zip(rows.tolist(), cells, strict=True):
            merged[row] = cell
        text[left] = merged
    return wide


def _lines(table: Table, axis: str | None, codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """The line of the wide table that each row goes to."""
    if axis is not None:
        steps = table.columns[axis]
        by_metric = np.argsort(codes, kind="stable")
        same = np.diff(codes[by_metric]) == 0
        if np.isfinite(steps).all() and np.all(np.diff(steps[by_metric])[same] > 0):
            unique, rows = np.unique(steps, return_inverse=True)
            return rows.reshape(-1).astype(np.int64), int(unique.size)
    return np.arange(codes.size), int(codes.size)


def _by_phase(table: Table, text: dict[str, list[str]]) -> Table:
    """Tell training and validation rows apart: ``loss`` becomes ``train/loss`` and ``val/loss``."""
    for name in list(text):
        if plain(name) not in _PHASE_COLUMNS:
            continue
        codes, order = _codes([word.strip().lower() for word in text[name]])
        if not all(word in _PHASES for word in order if word) or len({_PHASES[w] for w in order if w}) < 2:
            continue
        del text[name]
        told = Table({}, {})
        for column, values in table.columns.items():
            if (
                is_axis_name(column)
                or not is_curve_name(column)
                or plain(column).endswith(("lr", "learning_rate"))
            ):
                told.columns[column] = values
                if column in table.logged:
                    told.logged[column] = table.logged[column]
                continue
            for code, word in enumerate(order):
                mine = (codes == code) & table.present(column)
                if not mine.any():
                    continue
                tag = f"{_PHASES[word]}/{column.strip()}" if word else column
                if tag in told.logged:
                    told.columns[tag] = np.where(mine, values, told.columns[tag])
                    told.logged[tag] = told.logged[tag] | mine
                else:
                    told.columns[tag], told.logged[tag] = values, mine
        return told
    return table
