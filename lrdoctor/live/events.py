"""What is new in watched logs, for programs: a JSON object per line, version `lrdoctor.watch/1`.

``python -m lrdoctor.live.events`` writes the JSON Schema in docs/schema/watch-1.json.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from lrdoctor.cleaning import encodable, json_text
from lrdoctor.live.following import Change, Gone
from lrdoctor.records import Verdict
from lrdoctor.renderers import _contract as contract
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


class RunEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="run"):
    """A run came or grew."""

    schema: Literal["lrdoctor.watch/1"] = "lrdoctor.watch/1"
    written: str
    """When its log was last written to, in UTC."""
    before: Verdict | None
    """Its verdict the last time; null if it is new."""
    new: New
    run: contract.Run
    """As in the report."""


class GoneEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="gone"):
    """A run is no longer there."""

    schema: Literal["lrdoctor.watch/1"] = "lrdoctor.watch/1"
    id: str


class UnreadableEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="unreadable"):
    """A file cannot be read."""

    schema: Literal["lrdoctor.watch/1"] = "lrdoctor.watch/1"
    source: str
    error: str


def schema_text() -> str:
    """The JSON Schema (2020-12) of a line, as it stands in docs/schema/watch-1.json."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of lrdoctor watch, lrdoctor.watch/1",
        **msgspec.json.schema(RunEvent | GoneEvent | UnreadableEvent),
    }
    return msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=2).decode() + "\n"


def to_json(item: Change | Gone | Unreadable) -> str:
    """One line, with its newline."""
    return json_text(msgspec.json.encode(_event(item))) + "\n"


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


if __name__ == "__main__":
    sys.stdout.write(schema_text())
