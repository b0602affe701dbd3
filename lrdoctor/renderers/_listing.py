"""What was read, before anything is judged: each run with its curves, what they mean, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from lrdoctor.cleaning import clean, elide, encodable, json_text
from lrdoctor.records import Role, Run
from lrdoctor.renderers import _contract as contract
from lrdoctor.renderers._lines import BLANK, Line
from lrdoctor.renderers.json import curve, number, scalar
from lrdoctor.roles import primary, primary_reason
from lrdoctor.wording import counted, figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lrdoctor.records import Hyperparameter, Series, Unreadable

_SILENT = frozenset({Role.EPOCH, Role.AVERAGE})
_FOLDED = frozenset({Role.OTHER, None})
_LONGEST_TAG = 44
_MOST_TAGS = 60
_JUDGED = (Role.TRAIN_LOSS, Role.VAL_LOSS, Role.LR, Role.GRAD_NORM, Role.TRAIN_METRIC, Role.VAL_METRIC)


class ListedCurve(contract.Curve, frozen=True, kw_only=True):
    """A curve, what it means, and why."""

    reason: str
    unit: str
    first_value: contract.Number | None
    last_value: contract.Number | None


class ListedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it was read."""

    id: str
    source: str
    format: str
    hyperparameters: dict[str, contract.Scalar]
    series: list[ListedCurve]
    notes: list[str]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `lrdoctor runs --format json`."""

    schema: Literal["lrdoctor.runs/1"]
    tool: contract.Tool
    runs: list[ListedRun]
    unreadable: list[contract.Unreadable]


def to_json(runs: Iterable[Run], unreadable: Iterable[Unreadable], version: str) -> str:
    """Put what was read into JSON."""
    listing = Listing(
        schema="lrdoctor.runs/1",
        tool=contract.Tool(name="lrdoctor", version=version),
        runs=[_listed(run) for run in runs],
        unreadable=[
            contract.Unreadable(source=encodable(lost.source), error=encodable(lost.error))
            for lost in unreadable
        ],
    )
    return json_text(msgspec.json.format(msgspec.json.encode(listing), indent=2)) + "\n"


def to_lines(run: Run, *, wrapped: bool) -> Iterator[Line]:
    """Describe a run; `wrapped` says that it is for a terminal, where long tags have to give way."""
    yield Line([(clean(run.id), "name")], [(f"  {clean(run.format)}, {clean(run.source)}", "dim")])
    known = {name: value for name, value in run.hyperparameters.items() if value is not None}
    if known:
        yield Line([("  ", "")], [(", ".join(_setting(name, value) for name, value in known.items()), "")])
    for note in run.notes:
        yield Line([("  note: ", "dim")], [(clean(note, 600), "dim")])
    limit = _LONGEST_TAG if wrapped else 1000
    shown = [series for series in run.series.values() if series.role not in _FOLDED]
    tags = [elide(clean(series.tag), limit) for series in shown]
    tag_width = max((len(tag) for tag in tags if len(tag) <= _LONGEST_TAG), default=0)
    role_width = max((len(series.role or "") for series in shown), default=0)
    for tag, series in zip(tags, shown, strict=True):
        style = "dim" if series.role in _SILENT else "dose"
        lead = [(f"  {tag.ljust(tag_width)}  ", ""), (f"{(series.role or '?').ljust(role_width)}  ", style)]
        why = f"; {clean(series.role_reason)}" if series.role_reason else ""
        yield Line(lead, [(_extent(series), ""), (why, "dim")])
    yield from _others(run)
    yield from _judged(run)
    yield BLANK


def _others(run: Run) -> Iterator[Line]:
    """Curves that say nothing of the training, by why that is so; there may be hundreds."""
    folded = [series for series in run.series.values() if series.role in _FOLDED]
    for reason in dict.fromkeys(series.role_reason for series in folded):
        tags = [clean(series.tag, 60) for series in folded if series.role_reason == reason]
        text = ", ".join(tags[:_MOST_TAGS]) + (
            f" and {len(tags) - _MOST_TAGS:,} more" if len(tags) > _MOST_TAGS else ""
        )
        yield Line([("  other  ", "dim")], [(text, "dim"), (f": {clean(reason)}" if reason else "", "dim")])


def _judged(run: Run) -> Iterator[Line]:
    """Which curve stands for a role that several have, or that only parts have."""
    for role in _JUDGED:
        chosen = primary(run, role)
        if chosen is not None and len(run.with_role(role)) != 1:
            text = f"{clean(chosen.tag)}: {clean(primary_reason(run, role), 400)}"
            yield Line([(f"  judged as {role}: ", "dim")], [(text, "dim")])


def _extent(series: Series) -> str:
    if len(series) == 0:
        return "no points"
    first, last = int(series.step[0]), int(series.step[-1])
    values = f"{figure(float(series.value[0]))} to {figure(float(series.value[-1]))}"
    return f"{counted(len(series), 'point')}, {series.unit}s {first:,} to {last:,}, {values}"


def _setting(name: str, value: Hyperparameter) -> str:
    shown = figure(value, 4) if isinstance(value, float) else clean(str(value), 60)
    return f"{clean(name, 60)} {shown}"


def _listed(run: Run) -> ListedRun:
    return ListedRun(
        id=encodable(run.id),
        source=encodable(run.source),
        format=run.format,
        hyperparameters={encodable(str(name)): scalar(value) for name, value in run.hyperparameters.items()},
        series=[_listed_curve(series) for series in run.series.values()],
        notes=[encodable(note) for note in run.notes],
    )


def _listed_curve(series: Series) -> ListedCurve:
    some = len(series) > 0
    return ListedCurve(
        **msgspec.structs.asdict(curve(series)),
        reason=encodable(series.role_reason),
        unit=series.unit,
        first_value=number(series.value[0]) if some else None,
        last_value=number(series.value[-1]) if some else None,
    )
