"""Ways to write event files, and two other ways to read them: TensorBoard's own, and a loop over records."""

from __future__ import annotations

import struct
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.util import tensor_util

EVERYTHING = dict.fromkeys(("compressedHistograms", "images", "audio", "scalars", "histograms", "tensors"), 0)
NAME = "events.out.tfevents.1700000000.host.1.0"


def record(payload):
    head = struct.pack("<Q", len(payload))
    return head + struct.pack("<I", masked_crc32c(head)) + payload + struct.pack("<I", masked_crc32c(payload))


def version(text="brain.Event:2", wall=1.7e9):
    return event_pb2.Event(wall_time=wall, file_version=text)


def scalar(tag, step, value, wall=1.7e9):
    event = event_pb2.Event(wall_time=wall, step=step)
    event.summary.value.add(tag=tag, simple_value=value)
    return event


def scalars(step, wall=1.7e9, **values):
    event = event_pb2.Event(wall_time=wall, step=step)
    for tag, value in values.items():
        event.summary.value.add(tag=tag, simple_value=value)
    return event


def tensor(tag, step, value, dtype="float32", *, content=False, wall=1.7e9, plugin="scalars", shape=()):
    """A TF2 scalar; with `content` its bytes are in tensor_content, as TensorFlow's own writer does it."""
    event = event_pb2.Event(wall_time=wall, step=step)
    entry = event.summary.value.add(tag=tag)
    if dtype == "bfloat16":
        bits = np.float32(value).view(np.uint32) >> np.uint32(16)
        entry.tensor.dtype = 14
        if content:
            entry.tensor.tensor_content = np.uint16(bits).tobytes()
        else:
            entry.tensor.half_val.append(int(bits))
    else:
        array = np.full(shape, value, dtype)
        entry.tensor.CopyFrom(tensor_util.make_tensor_proto(array, dtype=array.dtype, shape=shape))
        for name in _LISTS if content else ():
            entry.tensor.ClearField(name)
        if content:
            entry.tensor.tensor_content = array.tobytes()
    if plugin:
        entry.metadata.plugin_data.plugin_name = plugin
    return event


_LISTS = (
    "half_val",
    "float_val",
    "double_val",
    "int_val",
    "int64_val",
    "bool_val",
    "uint32_val",
    "uint64_val",
)


def image(tag, step, size=3000, wall=1.7e9):
    event = event_pb2.Event(wall_time=wall, step=step)
    picture = summary_pb2.Summary.Image(height=8, width=8, colorspace=3, encoded_image_string=bytes(size))
    event.summary.value.add(tag=tag).image.CopyFrom(picture)
    return event


def histogram(tag, step, wall=1.7e9, buckets=30):
    event = event_pb2.Event(wall_time=wall, step=step)
    histo = summary_pb2.HistogramProto(min=0, max=1, num=buckets, sum=1, sum_squares=1)
    histo.bucket_limit.extend(np.linspace(0, 1, buckets))
    histo.bucket.extend(np.ones(buckets))
    event.summary.value.add(tag=tag).histo.CopyFrom(histo)
    return event


def text(tag, step, words, wall=1.7e9):
    event = event_pb2.Event(wall_time=wall, step=step)
    entry = event.summary.value.add(tag=tag)
    entry.tensor.CopyFrom(tensor_pb2.TensorProto(dtype=7, string_val=[words.encode()]))
    entry.metadata.plugin_data.plugin_name = "text"
    return event


def session_start(step, wall=1.7e9):
    event = event_pb2.Event(wall_time=wall, step=step)
    event.session_log.status = event_pb2.SessionLog.START
    return event


def to_bytes(events):
    return b"".join(record(e if isinstance(e, bytes) else e.SerializeToString()) for e in events)


def by_tensorboard(path):
    """Every scalar that EventAccumulator finds: tag to a list of (step, wall time, value).

    It purges scalars after a restart but forgets scalars stored as tensors; here it is reminded of them.
    """
    accumulator = event_accumulator.EventAccumulator(str(path), size_guidance=EVERYTHING)
    accumulator.accumulated_attrs += ("tensors",)
    with patch.object(event_accumulator, "_GetPurgeMessage", lambda *_: ""):
        accumulator.Reload()
    found = {
        tag: [(e.step, e.wall_time, e.value) for e in accumulator.Scalars(tag)] for tag in accumulator.Tags()["scalars"]
    }
    for tag in accumulator.Tags()["tensors"]:
        metadata = accumulator.summary_metadata.get(tag)
        if metadata is not None and metadata.plugin_data.plugin_name not in ("", "scalars"):
            continue
        points = [(e.step, e.wall_time, number(e.tensor_proto)) for e in accumulator.Tensors(tag)]
        found.setdefault(tag, []).extend(point for point in points if point[2] is not None)
    return {tag: points for tag, points in found.items() if points}


def number(proto):
    """The one number in a tensor; None if it has none or several."""
    if proto.dtype == 14:
        bits = int.from_bytes(proto.tensor_content, "little") if proto.tensor_content else proto.half_val[0]
        return float(np.uint32(bits << 16).view(np.float32))
    try:
        array = tensor_util.make_ndarray(proto)
        return float(array.item()) if array.size == 1 else None
    except (TypeError, ValueError):
        return None


def by_loop(data):  # noqa: PLR0912
    """One record after the other, one byte at a time where there is damage: slow, and plain to see right."""
    points, version_seen, highest, at, start_lost = {}, 0.0, -1, 0, False
    damaged, suspect = 0, None

    def head_is_right(position):
        if position + 16 > len(data):
            return False
        head = data[position : position + 8]
        return head[4:] == bytes(4) and data[position + 8 : position + 12] == struct.pack("<I", masked_crc32c(head))

    while at + 16 <= len(data):
        if not head_is_right(at):
            start_lost |= at == 0
            damaged += 1
            if suspect is not None:  # the record before was wrong as well: do not believe its length
                at, suspect = suspect + 1, None
            while at + 16 <= len(data) and not head_is_right(at):
                at += 1
            continue
        (length,) = struct.unpack_from("<Q", data, at)
        if at + 16 + length > len(data):
            break
        payload = data[at + 12 : at + 12 + length]
        right = data[at + 12 + length : at + 16 + length] == struct.pack("<I", masked_crc32c(payload))
        first, suspect, at = at == 0, None if right else at, at + 16 + length
        try:
            event = event_pb2.Event.FromString(payload) if right else None
        except DecodeError:
            event = None
        if event is None:
            start_lost |= first
            damaged += 1
            continue
        if event.HasField("file_version"):
            try:
                version_seen = float(event.file_version.split("brain.Event:")[-1])
            except ValueError:
                version_seen = -1.0
        if version_seen >= 2 or start_lost:
            if event.HasField("session_log") and event.session_log.status == event_pb2.SessionLog.START:
                points = {tag: [p for p in old if p[0] < event.step] for tag, old in points.items()}
        elif event.step < highest and event.HasField("summary"):
            for value in event.summary.value:
                points[value.tag] = [p for p in points.get(value.tag, []) if p[0] < event.step]
        else:
            highest = event.step
        for value in event.summary.value:
            plugin = value.metadata.plugin_data.plugin_name
            if value.HasField("simple_value"):
                found = value.simple_value
            elif value.HasField("tensor") and (plugin in ("", "scalars") or value.metadata.data_class == 1):
                found = number(value.tensor)
            else:
                continue
            if found is not None:
                tag = value.tag or (value.node_name if value.HasField("tensor") else "")
                points.setdefault(tag, []).append((event.step, event.wall_time, found))
    return {tag: old for tag, old in points.items() if old}, damaged


def assert_same(curves, expected):
    """Equal to the last bit: tags, steps, wall times, values."""
    assert set(curves) == set(expected)
    for tag, points in expected.items():
        curve = curves[tag]
        assert curve.step.dtype == np.int64
        assert curve.step.tolist() == [step for step, _, _ in points], tag
        assert np.array_equal(curve.wall, [wall for _, wall, _ in points], equal_nan=True), tag
        assert curve.value.dtype == np.float64
        assert np.array_equal(curve.value, [value for _, _, value in points], equal_nan=True), tag


@pytest.fixture(scope="session")
def tb():
    """Everything above, for test modules to use."""
    return SimpleNamespace(
        **{k: v for k, v in globals().items() if callable(v) and getattr(v, "__module__", "") == __name__},
        NAME=NAME,
        Event=event_pb2.Event,
    )


@pytest.fixture
def write(tmp_path):
    """Write events (or bytes) to an event file and return its path."""

    def writer(events, name=NAME):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(events if isinstance(events, bytes) else to_bytes(events))
        return path

    return writer
