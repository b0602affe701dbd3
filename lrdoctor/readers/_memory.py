"""What a notebook holds, as runs: frames, dictionaries of arrays, History objects, trainers, lists of
numbers.

Objects of other libraries are known by what they have (`.history` and `.epoch`, `.state.log_history`),
never by importing those libraries. What is given is read, never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.errors import UsageError
from lrdoctor.readers._axis import is_axis_name
from lrdoctor.readers._course import why_no_course
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._log_history import runs_from_log_history, settings_of_state
from lrdoctor.readers._points import Points, runs_from_points
from lrdoctor.readers._records import table_from_lists, table_from_records
from lrdoctor.readers._reshape import untangle
from lrdoctor.readers._table import Table, labelled, runs_from_table
from lrdoctor.records import Role, Run

if TYPE_CHECKING:
    from lrdoctor.records import Hyperparameter

KERAS_ROLES: Mapping[str, tuple[Role, str]] = {
    "loss": (Role.TRAIN_LOSS, "Keras: the training loss"),
    "val_loss": (Role.VAL_LOSS, "Keras: the validation loss"),
    "lr": (Role.LR, "Keras: the learning rate"),
    "learning_rate": (Role.LR, "Keras: the learning rate"),
}
_WHAT_IS_UNDERSTOOD = (
    "a path, a DataFrame, a dict of arrays, a list of dicts, a list of losses, a Keras History, "
    "a Hugging Face Trainer, a W&B run, an Optuna study or trial"
)


def runs_from_object(thing: Any) -> list[Run]:
    """Read runs from an object in memory.

    Parameters
    ----------
    thing
        A pandas, polars or pyarrow frame (wide, or with columns for run, metric or phase); a dict of arrays
        or lists, or of one such thing for each run; a list of dicts; a list or array of numbers, taken as
        one loss curve; a Keras `History`; a Hugging Face `Trainer`, its state or `log_history`; a W&B run
        with `scan_history`; an Optuna study or trial; an estimator with `loss_curve_` or `evals_result`.

    Returns
    -------
    Runs with local ids, as a reader gives them.

    Raises
    ------
    UsageError
        The object is none of these, or holds no curve.
    """
    for has, read in _SHAPES:
        if has(thing):
            runs = read(thing)
            if not runs:
                raise UsageError(f"this {type(thing).__name__} holds no curve")
            return runs
    raise UsageError(
        f"cannot read an object of type {type(thing).__name__} as a training log; it takes {_WHAT_IS_UNDERSTOOD}"
    )


def _has(*names: str) -> Callable[[Any], bool]:
    return lambda thing: not isinstance(thing, type) and all(hasattr(thing, name) for name in names)


def _plain(thing: Any) -> Any:
    """Arrays and tensors of any library as numpy arrays; everything else as it is."""
    if hasattr(thing, "detach"):
        thing = thing.detach().cpu()
        return np.asarray(thing.float().numpy() if hasattr(thing, "float") else thing, dtype=np.float64)
    if hasattr(thing, "to_numpy"):
        return np.asarray(thing.to_numpy())
    return np.asarray(thing) if hasattr(thing, "__array__") else thing


def _from_run(run: Run) -> list[Run]:
    return [run]


def _from_curve(values: Any) -> list[Run]:
    """One loss curve, a number for each step."""
    name = getattr(values, "name", None)
    try:
        array = np.asarray([np.nan if v is None else v for v in values] if isinstance(values, (list, tuple))
                           else _plain(values), dtype=np.float64)  # fmt: skip
    except (TypeError, ValueError):
        raise UsageError("a list that is neither all numbers nor all dicts cannot be read as a log") from None
    if array.ndim != 1:
        raise UsageError(
            f"an array of shape {array.shape} is no curve: give one row of numbers, or a dict of them"
        )
    if not array.size:
        raise UsageError("the list is empty: nothing has been logged")
    tag = name if isinstance(name, str) and name else "loss"
    roles = {tag: (Role.TRAIN_LOSS, "given as the one curve of the run")} if tag == "loss" else {}
    return runs_from_table(Table({tag: array}), source="<list>", format_name="array", roles=roles)


def _from_dicts(records: Sequence[Mapping[str, Any]]) -> list[Run]:
    if any("loss" in entry or "eval_loss" in entry for entry in records) and all(
        "step" in entry for entry in records
    ):
        return runs_from_log_history(records, source="<log_history>")
    table, text = table_from_records(
        [{str(key): _scalar(v) for key, v in entry.items()} for entry in records]
    )
    return _from_table(table, text, "records")


def _scalar(value: Any) -> Any:
    """A number in place of a tensor, an array or a numpy scalar that holds one."""
    if isinstance(value, Mapping):
        return {str(key): _scalar(inner) for key, inner in value.items()}
    if isinstance(value, (bool, int, float, str, list, type(None))):
        return value
    if isinstance(value, np.generic):
        return value.item()
    array = _plain(value)
    return array.item() if isinstance(array, np.ndarray) and array.size == 1 else None


def _from_mapping(content: Mapping[Any, Any]) -> list[Run]:
    """A dict of curves, of dicts of curves, or of one thing for each run."""
    if "log_history" in content:
        settings = settings_of_state(content)
        return runs_from_log_history(
            content["log_history"], source="<trainer_state>", hyperparameters=settings
        )
    if not content:
        raise UsageError("the dict is empty: nothing has been logged")
    points = {str(key): _points(value) for key, value in content.items()}
    if all(point is not None for point in points.values()):
        pairs = {name: point for name, point in points.items() if point is not None}
        return runs_from_points(pairs, source="<dict>", format_name="dict")
    plain = {str(key): _plain(value) for key, value in content.items()}
    lists = {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in plain.items()}
    if all(isinstance(value, (list, tuple, range)) for value in lists.values()) and not any(
        _holds(value, (list, tuple, dict)) for value in lists.values()
    ):
        found = table_from_lists({key: list(map(_scalar, value)) for key, value in lists.items()})
        if found is None:
            raise UsageError("the dict holds lists without numbers")
        return _from_table(*found, "dict")
    if all(isinstance(value, Mapping) for value in content.values()):
        nested = table_from_lists({str(key): value for key, value in content.items()})
        if nested is not None and not any(
            is_axis_name(name.rpartition("/")[2]) for name in nested[0].columns
        ):
            return _from_table(*nested, "dict")
    if any(isinstance(value, (int, float, str)) for value in content.values()):
        raise UsageError("a dict of single values is no log: give lists, {'loss': [...], 'val_loss': [...]}")
    return [labelled(run, str(key)) for key, value in content.items() for run in runs_from_object(value)]


def _points(value: Any) -> Points | None:
    """A curve with steps of its own: ``{0: 2.3, 100: 1.9}`` or ``[(0, 2.3), (100, 1.9)]``."""
    pairs = list(value.items()) if isinstance(value, Mapping) else value
    if not isinstance(pairs, list) or not pairs or not isinstance(pairs[0], tuple):
        return None
    try:
        steps, values = np.array([(step, _scalar(v)) for step, v in pairs], dtype=np.float64).T
    except (TypeError, ValueError):
        return None
    if not np.all(steps == np.round(steps)):
        return None
    return Points(steps.astype(np.int64), values.copy())


def _holds(value: Sequence[Any], kinds: tuple[type, ...]) -> bool:
    return any(isinstance(item, kinds) for item in value)


def _from_frame(frame: Any) -> list[Run]:
    """A frame of any library that narwhals knows."""
    import narwhals as nw

    try:
        native = nw.from_native(_with_index(frame))
        eager = native.collect() if isinstance(native, nw.LazyFrame) else native
    except (TypeError, ValueError, nw.exceptions.NarwhalsError) as error:
        raise UsageError(f"this {type(frame).__name__} cannot be read as a table: {error}") from None
    table, text = Table({}), dict[str, list[str]]()
    for name in map(str, eager.columns):
        column = eager[name]
        if column.dtype.is_numeric() or column.dtype == nw.Object:
            missing = column.is_null().to_numpy()
            try:
                values = np.array(column.cast(nw.Float64).to_numpy(), dtype=np.float64)
            except (TypeError, ValueError, nw.exceptions.NarwhalsError):
                text[name] = ["" if cell is None else str(cell) for cell in column.to_list()]
                continue
            # pandas has one mark for both; a column that holds nothing else was not logged there.
            if missing.any():
                table.logged[name] = ~missing
                values[missing] = np.nan
            if not missing.all():
                table.columns[name] = values
            else:
                table.logged.pop(name)
        elif column.dtype != nw.Boolean:
            text[name] = ["" if cell is None else str(cell) for cell in column.to_list()]
    exported = [name for name in table.columns if " - " in name and not name.endswith(("__MIN", "__MAX"))]
    if exported and all(" - " in name or is_axis_name(name) for name in table.columns):
        return _from_chart(table, exported)
    return _from_table(table, text, "dataframe")


def _with_index(frame: Any) -> Any:
    """A pandas frame with its index as a column, if that holds something: steps, epochs."""
    index = getattr(frame, "index", None)
    if index is None or not hasattr(frame, "reset_index") or type(index).__name__ == "RangeIndex":
        return frame
    try:
        return frame.reset_index()
    except ValueError:  # the column is there already
        return frame


def _from_chart(table: Table, exported: Sequence[str]) -> list[Run]:
    """A chart that W&B exported: a column for each run, ``<run> - <metric>``."""
    axes = [name for name in table.columns if is_axis_name(name)]
    runs: list[Run] = []
    for run_name in dict.fromkeys(name.rpartition(" - ")[0] for name in exported):
        mine = {name: name.rpartition(" - ")[2] for name in exported if name.rpartition(" - ")[0] == run_name}
        mine |= {name: name for name in axes}
        part = Table(
            {mine[name]: table.columns[name] for name in mine if mine[name] != "_step"},
            {mine[name]: table.logged[name] for name in mine if name in table.logged},
        )
        found = runs_from_table(part, source="<DataFrame>", format_name="dataframe", blank_may_be_nan=False)
        runs += [labelled(run, run_name) for run in found]
    return runs


def _from_table(table: Table, text: Mapping[str, Sequence[str]], format_name: str) -> list[Run]:
    """A table that someone handed over: refused only where it plainly is one row for each run."""
    runs: list[Run] = []
    reason = "it holds no numbers"
    for label, part, left in untangle(table, text):
        refusal = why_no_course(part, left, trusted=True)
        if refusal is not None and "no column is named" not in refusal and "most columns" not in refusal:
            reason = refusal
            continue
        found = runs_from_table(part, source=f"<{format_name}>", format_name=format_name)
        runs += [
            replace(run, id=f"{label}-{run.id}" if label and run.id else label or run.id) for run in found
        ]
    if not runs:
        raise UsageError(f"no training curve: {reason}")
    return runs


def _from_keras(history: Any) -> list[Run]:
    found = table_from_lists({str(k): list(map(_scalar, v)) for k, v in history.history.items()})
    if found is None:
        raise UsageError("the History is empty: fit() has not finished an epoch")
    table, _ = found
    epochs = list(history.epoch)
    if len(epochs) == table.rows and "epoch" not in table.columns:
        table.columns = {"epoch": np.array(epochs, dtype=np.float64), **table.columns}
    return runs_from_table(
        table, source="<History>", format_name="keras-history", hyperparameters=_keras_settings(history),
        roles=KERAS_ROLES, axis="epoch", unit="epoch", blank_may_be_nan=False,
    )  # fmt: skip


def _keras_settings(history: Any) -> dict[str, Hyperparameter]:
    settings: dict[str, Any] = dict(getattr(history, "params", None) or {})
    optimizer = getattr(getattr(history, "model", None), "optimizer", None)
    try:  # what a configuration holds is up to the optimizer's author
        settings["optimizer"] = dict(optimizer.get_config()) if optimizer is not None else {}
        if optimizer is not None:
            settings["optimizer"].setdefault("name", type(optimizer).__name__)
    except Exception:
        settings.pop("optimizer", None)
    return find_hyperparameters(settings)


def _from_trainer(trainer: Any) -> list[Run]:
    state = trainer.state if hasattr(trainer, "state") else trainer
    arguments = getattr(trainer, "args", None)
    settings = dict(settings_of_state(vars(state) if hasattr(state, "__dict__") else {}))
    if arguments is not None:
        content = arguments.to_dict() if hasattr(arguments, "to_dict") else vars(arguments)
        settings |= find_hyperparameters(content)
    return runs_from_log_history(state.log_history, source="<Trainer>", hyperparameters=settings)


def _from_wandb(run: Any) -> list[Run]:
    """A run of W&B's public API: its whole history, or what `history()` samples where that is all there is."""
    rows = run.scan_history() if hasattr(run, "scan_history") else run.history()
    if _is_frame(rows):  # a NaN that was logged is the text "NaN" there, a blank is what was not logged
        dicts = rows.to_dicts() if hasattr(rows, "to_dicts") else rows.to_dict("records")
        rows = [{name: cell for name, cell in row.items() if cell == cell} for row in dicts]  # noqa: PLR0124
    table, _ = table_from_records([dict(row) for row in rows], separator=".")
    config = getattr(run, "config", None)
    settings = find_hyperparameters(dict(config)) if config is not None else {}
    name = str(getattr(run, "name", "") or getattr(run, "id", "") or "run")
    runs = runs_from_table(
        table, source=f"<W&B run {name}>", format_name="wandb-run", hyperparameters=settings, axis="_step",
        blank_may_be_nan=False,
    )  # fmt: skip
    return [labelled(found, name) for found in runs]


def _from_live_wandb(run: Any) -> list[Run]:
    raise UsageError(
        f"this W&B run is still being logged and cannot be asked for its history; its files can be read: {run.dir}"
    )


def _from_trial(trial: Any, role: tuple[Role, str] | None = None) -> list[Run]:
    points = sorted(dict(trial.intermediate_values).items())
    if not points:
        return []
    steps, values = zip(*points, strict=True)
    tag = "intermediate_value"
    table = Table({"step": np.array(steps, dtype=np.float64), tag: np.array(values, dtype=np.float64)})
    runs = runs_from_table(table, source="<trial>", format_name="optuna-trial", axis="step",
                           hyperparameters=find_hyperparameters(dict(trial.params)),
                           roles={} if role is None else {tag: role})  # fmt: skip
    return [replace(run, id=f"trial {getattr(trial, 'number', '')}".strip()) for run in runs]


def _from_study(study: Any) -> list[Run]:
    maximised = "max" in str(getattr(study, "direction", "")).lower()
    role = (
        (Role.VAL_METRIC, "the study maximises it")
        if maximised
        else (Role.VAL_LOSS, "the study minimises it")
    )
    return [run for trial in study.trials for run in _from_trial(trial, role)]


def _from_estimator(estimator: Any) -> list[Run]:
    """scikit-learn's multi-layer perceptron: its loss for each epoch, and its score on held-out data."""
    columns = {"loss": np.asarray(estimator.loss_curve_, dtype=np.float64)}
    scores = getattr(estimator, "validation_scores_", None)
    if scores is not None and len(scores) == columns["loss"].size:
        columns["validation_score"] = np.asarray(scores, dtype=np.float64)
    settings = find_hyperparameters(estimator.get_params()) if hasattr(estimator, "get_params") else {}
    roles = {"loss": (Role.TRAIN_LOSS, "the estimator's loss curve"),
             "validation_score": (Role.VAL_METRIC, "the estimator's validation score")}  # fmt: skip
    return runs_from_table(Table(columns), source=f"<{type(estimator).__name__}>", format_name="estimator",
                           hyperparameters=settings, roles=roles, unit="epoch")  # fmt: skip


def _from_boosting(model: Any) -> list[Run]:
    result = model.evals_result if hasattr(model, "evals_result") else model.evals_result_
    return _from_mapping(result() if callable(result) else result)


def _is_frame(thing: Any) -> bool:
    kind = type(thing)  # asking a lazy frame itself would resolve its schema
    return hasattr(kind, "columns") and (hasattr(kind, "dtypes") or hasattr(kind, "schema"))


def _is_records(thing: Any) -> bool:
    return (
        isinstance(thing, (list, tuple)) and bool(thing) and all(isinstance(item, Mapping) for item in thing)
    )


def _is_curve(thing: Any) -> bool:
    return isinstance(thing, (list, tuple, range, np.ndarray)) or hasattr(thing, "__array__") or (
        hasattr(thing, "to_numpy") and isinstance(thing, Iterable)
    )  # fmt: skip


_SHAPES: tuple[tuple[Callable[[Any], bool], Callable[[Any], list[Run]]], ...] = (
    (lambda thing: isinstance(thing, Run), _from_run),
    (lambda thing: isinstance(thing, Mapping), _from_mapping),
    (_is_records, _from_dicts),
    (_is_frame, _from_frame),
    (_has("scan_history"), _from_wandb),
    (lambda thing: callable(getattr(thing, "history", None)) and _has("config", "name")(thing), _from_wandb),
    (_has("log", "dir", "summary", "config"), _from_live_wandb),
    (_has("history", "epoch"), _from_keras),
    (
        lambda thing: _has("log_history")(thing) or _has("log_history")(getattr(thing, "state", None)),
        _from_trainer,
    ),
    (_has("intermediate_values", "params"), _from_trial),
    (_has("trials", "best_trials"), _from_study),
    (_has("loss_curve_"), _from_estimator),
    (lambda thing: _has("evals_result")(thing) or _has("evals_result_")(thing), _from_boosting),
    (_is_curve, _from_curve),
)
