"""What is new in watched logs, for programs: a JSON object per line, version `lrdoctor.watch/1`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from lrdoctor.live.following import Change, Gone
from lrdoctor.records import Verdict
from lrdoctor.renderers import _contract as contract
from lrdoctor.renderers._clean import encodable
from lrdoctor.renderers.json import run

if TYPE_CHECKING:
    from lrdoctor.records import Unreadable


class New(msgspec.Struct, frozen=True, kw_only=True):
    """The points that came: how many in all curves together, and from which step to which."""

    points: int
    first_step: int | None
    last_step: int | None
    rewritten: bool
    """The log was replaced or cut, so that all of its points are new."""


class RunEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A run came or grew."""

    schema: Literal["lrdoctor.watch/1"] = "lrdoctor.watch/1"
    event: Literal["run"] = "run"
    written: str
    """When its log was last written to, in UTC."""
    before: Verdict | None
    """Its verdict the last time; null if it is new."""
    new: New
    run: contract.Run
    """As in the report."""


class GoneEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A run is no longer there."""

    schema: Literal["lrdoctor.watch/1"] = "lrdoctor.watch/1"
    event: Literal["gone"] = "gone"
    id: str


class UnreadableEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A file cannot be read."""

    schema: Literal["lrdoctor.watch/1"] = "lrdoctor.watch/1"
    event: Literal["unreadable"] = "unreadable"
    source: str
    error: str


def to_json(item: Change | Gone | Unreadable) -> str:
    """One line, with its newline."""
    return msgspec.json.encode(_event(item)).decode() + "\n"


def _event(item: Change | Gone | Unreadable) -> RunEvent | GoneEvent | UnreadableEvent:
    if isinstance(item, Gone):
        return GoneEvent(id=encodable(item.run_id))
    if isinstance(item, Change):
        new = New(
            points=item.points, first_step=item.first_step, last_step=item.last_step, rewritten=item.rewritten
        )  # fmt: skip
        written = datetime.fromtimestamp(item.at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return RunEvent(written=written, before=item.before, new=new, run=run(item.said))
    return UnreadableEvent(source=encodable(item.source), error=encodable(item.error))
