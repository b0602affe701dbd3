"""One event at a time: what the columns do not know."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lrdoctor.readers._events.parse import CONTENT_TYPES, SIZES, Odd, What, from_varint, parse_event, scalar

if TYPE_CHECKING:
    from lrdoctor.readers._events.filewindow import FileWindow
    from lrdoctor.readers._events.parse import Event, Payload

_VERSION_2 = b"\x1a\x0dbrain.Event:2"  # how nearly every file begins
MOST_TEXT = 1 << 16
"""Longest text or hyperparameter record that is kept, in bytes."""


class Undecodable(Exception):  # noqa: N818 - expected in damaged files
    """The payload is no event."""


@dataclass(slots=True)
class Reading:
    """What one event says.

    Parameters
    ----------
    scalars
        Tag and number of each value in order; None for a value that is no scalar.
    settings
        Contents of the hyperparameter plug-in's records.
    texts
        Short text summaries by tag.
    """

    wall: float = 0.0
    step: int = 0
    what: What = What.NOTHING
    version: str = ""
    scalars: list[tuple[bytes, float | None]] = field(default_factory=list)
    settings: list[bytes] = field(default_factory=list)
    texts: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def matters(self) -> bool:
        """Say whether anything that is kept comes from this event."""
        return self.what in (What.VERSION, What.SESSION_START) or any(number is not None for _, number in self.scalars)


def read_event(payload: Payload) -> tuple[Reading, Event | None]:
    """Read one event, by the small parser if it can; then what that found comes back as well.

    Raises
    ------
    Undecodable
        TensorBoard's parser cannot read it either.
    """
    if len(payload) == len(_VERSION_2) + 9 and payload[9 : len(payload)] == _VERSION_2 and payload[0] == 9:
        wall = float(struct.unpack("<d", payload[1:9])[0])
        return Reading(wall, what=What.VERSION, version="brain.Event:2"), None
    try:
        event = parse_event(payload)
    except (Odd, IndexError):
        return _read_proto(payload[0 : len(payload)]), None
    reading = Reading(step=event.step, what=event.what, version=event.version)
    if event.wall_at >= 0:
        reading.wall = float(struct.unpack("<d", payload[event.wall_at : event.wall_at + 8])[0])
    for value in event.values:
        tag = payload[value.tag[0] : value.tag[0] + value.tag[1]]
        number = value.number
        if value.kind:
            number = scalar(payload[value.at : value.at + SIZES[value.kind]], value.kind)
        reading.scalars.append((tag, number))
        if value.plugin == "hparams" and 0 < value.content[1] <= MOST_TEXT:
            reading.settings.append(payload[value.content[0] : sum(value.content)])
        if 0 < value.text[1] <= MOST_TEXT:
            reading.texts.append((tag, payload[value.text[0] : sum(value.text)]))
    return reading, event


def read_long_event(payload: FileWindow, *, check: bool) -> Reading:
    """Read one event that lies in a file, touching no more of it than its fields, unless something is used.

    Raises
    ------
    Undecodable
        It is no event, or what is used of it has a wrong checksum.
    """
    reading, _ = read_event(payload)
    if check and reading.matters and payload.checksum() != payload.stored_checksum():
        raise Undecodable
    return reading


def is_media(payload: bytes, length: int) -> bool:
    """Say quickly whether an event holds exactly one old-style image, audio clip or histogram.

    Of an event of `length` bytes the first will do. False means only that it takes the parser to know.
    """
    try:
        at = 9 if payload[0] == 9 else 0
        if payload[at] == 0x10:
            at += 1
            while payload[at] & 128:
                at += 1
            at += 1
        for key in (0x2A, 0x0A):
            if payload[at] != key:
                return False
            size, at = _size(payload, at + 1)
            if at + size != length:
                return False
        if payload[at] != 0x0A:
            return False
        size, at = _size(payload, at + 1)
        at += size
        if payload[at] not in (0x22, 0x2A, 0x32):
            return False
        size, at = _size(payload, at + 1)
        return at + size == length
    except IndexError:
        return False


def _size(payload: bytes, at: int) -> tuple[int, int]:
    size = shift = 0
    while payload[at] & 128:
        size |= (payload[at] & 127) << shift
        shift += 7
        at += 1
    return size | payload[at] << shift, at + 1


def _read_proto(payload: bytes) -> Reading:
    """Read an event with TensorBoard's protobuf classes."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto import event_pb2

    try:
        event = event_pb2.Event.FromString(payload)
    except DecodeError as error:
        raise Undecodable from error
    what = {"file_version": What.VERSION, "summary": What.SUMMARY, None: What.NOTHING}.get(
        event.WhichOneof("what"), What.OTHER
    )
    if event.HasField("session_log") and event.session_log.status == event_pb2.SessionLog.START:
        what = What.SESSION_START
    reading = Reading(wall=event.wall_time, step=event.step, what=what, version=event.file_version)
    for value in event.summary.value if what is What.SUMMARY else ():
        tag, number = value.tag, None
        if value.HasField("simple_value"):
            number = float(value.simple_value)
        elif value.HasField("tensor"):
            tag = tag or value.node_name
            plugin = value.metadata.plugin_data.plugin_name
            if plugin in ("", "scalars") or value.metadata.data_class == 1:
                number = tensor_scalar(value.tensor)
        reading.scalars.append((tag.encode(), number))
    return reading


def tensor_scalar(tensor: Any) -> float | None:
    """The number in a TensorProto with one element, as TensorBoard's `make_ndarray` reads it."""
    elements = 1
    for dimension in tensor.tensor_shape.dim:
        elements *= dimension.size
    kind = CONTENT_TYPES.get(tensor.dtype)
    if elements != 1 or kind is None:
        return None
    if tensor.tensor_content:
        return scalar(tensor.tensor_content, kind) if len(tensor.tensor_content) == SIZES[kind] else None
    name = {
        "f4": "float_val", "f8": "double_val", "i8": "int64_val", "?": "bool_val", "u4": "uint32_val",
        "u8": "uint64_val", "f2": "half_val", "bf": "half_val",
    }.get(kind, "int_val")  # fmt: skip
    held = getattr(tensor, name)
    if len(held) != 1:
        return None
    return float(held[0]) if kind in ("f4", "f8") else from_varint(int(held[0]), kind)
