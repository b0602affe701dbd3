"""Whatever is in an event file, it is read as TensorBoard reads it, to the last bit."""
# Over 400 lines: one function, fed with every way in which a stream of records is cut, damaged or interleaved.

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lrdoctor.readers._events import EventFile, framing, join, stream

FUNCTION = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(tb, path):
    """Read a file and compare it with EventAccumulator and with the plain loop."""
    columns = EventFile(path).read()
    expected = tb.by_tensorboard(path)
    tb.assert_same(columns.curves(), expected)
    loop, damaged = tb.by_loop(path.read_bytes())
    tb.assert_same(columns.curves(), loop)
    assert columns.damaged == damaged == 0
    return columns


def test_simple_values(tb, write):
    events = [tb.version()]
    for step in range(300):
        events += [tb.scalar("loss", step, 1 / (step + 1), 1.7e9 + step), tb.scalar("lr", step, 1e-3)]
    columns = check(tb, write(events))
    assert len(columns) == 600
    assert columns.records == 601


def test_what_torch_and_tensorboard_write(tb, tmp_path):
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(tmp_path))
    for step in range(200):
        for tag in ("train/loss", "train/grad_norm", "val/loss"):
            writer.add_event(tb.scalar(tag, step, np.sin(step), 1.7e9 + step / 7))
    writer.close()
    (path,) = tmp_path.iterdir()
    assert len(check(tb, path)) == 600


@pytest.mark.parametrize("content", [False, True])
@pytest.mark.parametrize(
    "dtype",
    [
        "float32",
        "float64",
        "float16",
        "bfloat16",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "bool",
    ],
)
def test_tensor_scalars(tb, write, dtype, content):
    values = [0, 1, 3, 100, 127] if dtype != "bool" else [0, 1]
    if dtype.startswith(("float", "bfloat")):
        values += [float("nan"), float("inf"), -0.0, -1.5]
    elif dtype.startswith("int"):
        values += [-1, -128]
    events = [tb.version()]
    for step, value in enumerate(values * 3):
        events += [tb.tensor("epoch_loss", step, value, dtype, content=content)]
    assert len(check(tb, write(events))) == 3 * len(values)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (2,), (0,)])
def test_only_tensors_of_one_element_are_scalars(tb, write, shape):
    events = [tb.version(), *(tb.tensor("t", step, 2.5, content=True, shape=shape) for step in range(4))]
    assert len(check(tb, write(events))) == (4 if np.prod(shape) == 1 else 0)


def test_a_plugin_that_is_not_scalars_owns_its_tensors(tb, write):
    events = [tb.version(), *(tb.tensor("curve", step, 1.0, plugin="pr_curves") for step in range(3))]
    assert not EventFile(write(events)).read().curves()


def test_several_values_in_one_event(tb, write):
    events = [tb.version()]
    for step in range(150):
        events.append(tb.scalars(step, loss=step / 3, acc=1 - step, lr=0.1))
        if step % 10 == 0:
            events.append(tb.scalars(step, loss=7.0, val_loss=step))
    assert len(check(tb, write(events))) == 150 * 3 + 15 * 2


def test_long_events_of_many_values(tb, write):
    rng = np.random.default_rng(0)
    tags = [f"layer{i}/weight_norm" for i in range(300)]
    numbers = rng.normal(size=(40, 300)).tolist()
    events = [tb.version()]
    events += [tb.scalars(1000 * i, **dict(zip(tags, row, strict=True))) for i, row in enumerate(numbers)]
    assert len(check(tb, write(events))) == 40 * 300


def test_pictures_histograms_and_text_among_scalars(tb, write):
    events = [tb.version()]
    for step in range(60):
        events += [
            tb.scalar("loss", step, step),
            tb.image("pic", step),
            tb.histogram("w", step),
            tb.text("t", step, "hi"),
        ]
    columns = check(tb, write(events))
    assert len(columns) == 60
    assert columns.texts["t"] == b"hi"


def test_scalars_beside_pictures_in_one_long_event(tb, write):
    """What ``tf.summary.merge_all`` writes; the pictures are longer than what is read at a time."""
    events = [tb.version()]
    for step in range(6):
        event = tb.scalars(step, loss=step, acc=0.5)
        event.summary.value.extend(tb.image("pic", step, 200_000).summary.value)
        event.summary.value.add(tag="late", simple_value=step)
        events.append(event)
    assert len(check(tb, write(events))) == 18


def test_a_long_event_with_a_wrong_checksum_is_lost_alone(tb, write, monkeypatch):
    monkeypatch.setattr(stream, "WINDOW", 1 << 18)
    event = tb.scalars(1, loss=1.0)
    event.summary.value.extend(tb.image("pic", 1, 300_000).summary.value)
    data = bytearray(tb.to_bytes([tb.version(), tb.scalar("loss", 0, 1.0), event, tb.scalar("loss", 2, 3.0)]))
    data[200_000] ^= 1
    columns = EventFile(write(bytes(data))).read()
    assert columns.curves()["loss"].step.tolist() == [0, 2]
    assert columns.damaged == 1


@pytest.mark.parametrize("step", [0, 1, 127, 128, 16383, 2**31, 3 * 10**13, 2**48, 2**62, -1, -5])
def test_steps_of_any_size(tb, write, step):
    events = [tb.version(), *(tb.scalar("x", step, value) for value in range(5))]
    check(tb, write(events))


def test_missing_wall_times_and_odd_tags(tb, write):
    events = [tb.version()]
    for step in range(40):
        events += [
            tb.scalar("", step, 1.0),
            tb.scalar("größe/損失", step, 2.0, 0.0),
            tb.scalar("a" * 300, step, 3.0),
        ]
    check(tb, write(events))


def test_thousands_of_tags(tb, write):
    events = [tb.version(), *(tb.scalar(f"t{i % 3000}", i // 3000, i) for i in range(9000))]
    assert len(check(tb, write(events)).curves()) == 3000


def test_legal_but_unusual_messages_go_to_protobuf(tb, write):
    plain = tb.scalar("loss", 1, 2.0).SerializeToString()
    events = [
        tb.version().SerializeToString(),
        plain + b"\x10\x05",  # a second step: the last one counts
        plain + bytes([0x9A, 0x06, 0x01, 0x00]),  # an unknown field, number 99
        plain + tb.scalar("loss", 9, 3.0).SerializeToString(),  # two messages merged
    ]
    check(tb, write(events))


def test_session_starts_purge_what_they_repeat(tb, write):
    events = [tb.version()]
    events += [tb.scalar("loss", step, step) for step in range(20)]
    events += [tb.session_start(12)]
    events += [tb.scalar("loss", step, -step) for step in range(12, 15)]
    events += [tb.session_start(5), tb.scalar("acc", 3, 1.0)]
    columns = check(tb, write(events))
    assert columns.curves()["loss"].step.tolist() == [0, 1, 2, 3, 4]


def test_steps_that_go_back_purge_their_tag_in_files_without_version(tb, write):
    events = [tb.scalar(tag, step, step) for step in range(10) for tag in ("a", "b")]
    events += [
        tb.scalar("a", 4, 40.0),
        tb.scalar("a", 5, 50.0),
        tb.histogram("b", 7),
        tb.scalars(3, a=1.0, c=2.0),
    ]
    events += [tb.Event(step=1, wall_time=1.0), tb.scalar("b", 2, 1.0), tb.scalar("b", 1, 1.0)]
    check(tb, write(events))


def test_a_version_that_comes_late(tb, write):
    events = [tb.scalar("a", step, step) for step in (3, 4, 5, 1, 2)]
    events += [tb.version(), *(tb.scalar("a", step, step) for step in (9, 8, 7)), tb.session_start(8)]
    check(tb, write(events))


def test_windows_and_pieces_do_not_show(tb, write, monkeypatch):
    monkeypatch.setattr(stream, "WINDOW", 1 << 18)
    monkeypatch.setattr(stream, "PIECE", 5000)
    rng = np.random.default_rng(1)
    events = [tb.version()]
    for step in range(4000):
        events.append(tb.scalar(f"tag{rng.integers(30)}" * rng.integers(1, 4), step, rng.normal()))
        if step % 97 == 0:
            events += [tb.image("pic", step, int(rng.integers(10, 400_000)))]
    check(tb, write(events))


VALUES = st.floats(width=32)
TAGS = st.sampled_from(["loss", "acc", "lr", "a/b", "x" * 40, "train/loss_epoch", "größe"])
STEPS = st.one_of(st.integers(0, 40), st.integers(0, 2**21), st.integers(-(2**63), 2**63 - 1))
WALLS = st.one_of(st.just(1.7e9), st.floats(allow_nan=False), st.just(0.0))
KINDS = (
    ["scalar"] * 4
    + ["many", "tensor", "content", "double", "half", "int", "image", "histogram", "text"]
    + ["start", "version", "nothing", "graph", "twice"]
)


@pytest.fixture(scope="session")
def streams(tb):
    """A few hundred events: runs of similar ones, with others strewn in."""

    def make(kind, tag, step, wall, value):
        return {
            "scalar": lambda: tb.scalar(tag, step, value, wall),
            "many": lambda: tb.scalars(step, wall, **{"loss": value, "acc": 1.0, tag: value}),
            "tensor": lambda: tb.tensor("t" + tag, step, value, wall=wall),
            "content": lambda: tb.tensor("t" + tag, step, value, content=True, wall=wall, plugin=""),
            "double": lambda: tb.tensor("t" + tag, step, value, "float64", wall=wall),
            "half": lambda: tb.tensor("t" + tag, step, 1.5, "float16", content=True, wall=wall),
            "int": lambda: tb.tensor("t" + tag, step, 77, "int32", wall=wall),
            "image": lambda: tb.image(tag, step, 50 + 10 * abs(step) % 3000, wall),
            "histogram": lambda: tb.histogram(tag, step, wall),
            "text": lambda: tb.text(tag, step, "words", wall),
            "start": lambda: tb.session_start(step, wall),
            "version": lambda: tb.version(wall=wall),
            "nothing": lambda: tb.Event(step=step, wall_time=wall),
            "graph": lambda: tb.Event(step=step, wall_time=wall, graph_def=b"graph" * 30),
            "twice": lambda: tb.scalar(tag, step, value, wall).SerializeToString() + b"\x10\x07",
        }[kind]()

    @st.composite
    def strategy(draw):
        events = [tb.version()] if draw(st.integers(0, 3)) else []
        for _ in range(draw(st.integers(1, 12))):
            kind, tag, step, wall = draw(st.sampled_from(KINDS)), draw(TAGS), draw(STEPS), draw(WALLS)
            numbers = draw(st.lists(VALUES, min_size=4, max_size=4))
            often = kind in ("scalar", "many", "tensor", "content")
            for index in range(draw(st.integers(1, 40)) if often else 1):
                at = min(step + index, 2**63 - 1)
                events.append(make(kind, tag, at, wall + index, numbers[index % 4]))
        return tb.to_bytes(events)

    return strategy()


@FUNCTION
@given(data=st.data())
def test_any_stream_is_read_as_tensorboard_reads_it(tb, streams, write, data):
    check(tb, write(data.draw(streams)))


@FUNCTION
@given(data=st.data())
def test_any_damage_costs_what_the_plain_loop_loses(tb, streams, write, data):
    content = bytearray(data.draw(streams))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        kind = data.draw(st.sampled_from(["flip", "cut", "insert", "zero", "end"]))
        if kind == "flip":
            content[at] ^= data.draw(st.integers(1, 255))
        elif kind == "cut":
            del content[at : at + data.draw(st.integers(1, 100))]
        elif kind == "insert":
            content[at:at] = data.draw(st.binary(min_size=1, max_size=40))
        elif kind == "zero":
            content[at : at + 64] = bytes(len(content[at : at + 64]))
        else:
            del content[max(at, 1) :]
        content = content or bytearray(1)
    columns = EventFile(write(bytes(content))).read()
    expected, damaged = tb.by_loop(bytes(content))
    tb.assert_same(columns.curves(), expected)
    assert columns.damaged <= damaged  # damage inside a picture that is not read goes unseen


@FUNCTION
@given(data=st.data())
def test_reading_while_it_grows_comes_to_the_same(tb, streams, write, data):
    content = data.draw(streams)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=4)))
    path = write(content[: cuts[0]] if cuts else content)
    reader = EventFile(path)
    parts = [reader.read()]
    for end in [*cuts[1:], len(content)] if cuts else []:
        path.write_bytes(content[:end])
        parts.append(reader.read())
    tb.assert_same(join(parts).curves(), tb.by_loop(content)[0])
    assert len(reader.read()) == 0


@FUNCTION
@given(data=st.data(), window=st.integers(1, 40))
def test_small_pieces_change_nothing(tb, streams, write, data, window):
    content = data.draw(streams)
    old = stream.PIECE, framing.SPARSE
    try:
        stream.PIECE, framing.SPARSE = 100 * window, 20
        curves = EventFile(write(content)).read().curves()
    finally:
        stream.PIECE, framing.SPARSE = old
    tb.assert_same(curves, tb.by_loop(content)[0])


def test_every_truncation(tb, write):
    events = [
        tb.version(),
        *(tb.scalar("loss", step, step) for step in range(4)),
        tb.scalars(5, a=1.0, b=2.0),
    ]
    content = tb.to_bytes(events)
    for end in range(len(content)):
        path = write(content[:end])
        columns = EventFile(path).read()
        tb.assert_same(columns.curves(), tb.by_tensorboard(path) if end else {})
        assert columns.damaged == 0
        whole = sum(len(tb.record(event.SerializeToString())) for event in events[: columns.records])
        assert columns.tail_bytes == end - whole


def test_every_byte_flipped(tb, write):
    """One wrong byte costs one record and no more, wherever it is."""
    events = [tb.version(), *(tb.scalar("loss", step, step) for step in range(6))]
    content = tb.to_bytes(events)
    for at in range(len(content)):
        wrong = bytearray(content)
        wrong[at] ^= 1 << at % 8
        columns = EventFile(write(bytes(wrong))).read()
        inside = at < len(tb.record(events[0].SerializeToString()))
        assert len(columns) == (6 if inside else 5)
        assert columns.damaged == 1


def test_a_record_that_was_cut_off_while_the_file_went_on_costs_itself_alone(tb, write):
    events = [tb.version(), *(tb.scalar("loss", step, step) for step in range(20))]
    records = [tb.record(event.SerializeToString()) for event in events]
    for cut in range(12, len(records[10])):
        wrong = [*records]
        wrong[10] = wrong[10][:cut]
        curves = EventFile(write(b"".join(wrong))).read().curves()
        assert curves["loss"].step.tolist() == [step for step in range(20) if step != 9]


def test_equal_damage_in_two_records_of_one_sum_is_seen(tb, write):
    """Checksums are checked in sums; the same bit wrong in two records of a sum must not cancel."""
    events = [tb.version(), *(tb.scalar("loss", 1000 + step, step) for step in range(9000))]
    records = [tb.record(event.SerializeToString()) for event in events]
    for gap in (1, 64, 140, 141, 9000 // 64):
        wrong = [*records]
        for at in (500, 500 + gap):
            wrong[at] = wrong[at][:-6] + bytes([wrong[at][-6] ^ 4]) + wrong[at][-5:]
        columns = EventFile(write(b"".join(wrong))).read()
        assert columns.damaged == 2
        assert len(columns) == 8998


def test_payload_checksums_can_be_left_out(tb, write):
    content = bytearray(tb.to_bytes([tb.version(), tb.scalar("loss", 1, 1.0), tb.scalar("loss", 2, 2.0)]))
    content[-6] ^= 1
    path = write(bytes(content))
    assert len(EventFile(path).read()) == 1
    assert len(EventFile(path, check=False).read()) == 2


def test_a_file_that_was_replaced_or_shrank_is_read_anew(tb, write):
    one = tb.to_bytes([tb.version(), *(tb.scalar("loss", step, 1.0) for step in range(10))])
    two = tb.to_bytes([tb.version(wall=5.0), *(tb.scalar("other", step, 1.0) for step in range(20))])
    path = write(one)
    reader = EventFile(path)
    first = reader.read()
    path.write_bytes(two)
    second = reader.read()
    assert second.started_over
    assert not first.started_over
    tb.assert_same(join([first, second]).curves(), tb.by_loop(two)[0])
    path.write_bytes(two[:200])
    assert reader.read().started_over
    write(two, "other").replace(path)
    assert len(reader.read()) == 20


def test_other_versions_of_the_file_name_do_not_matter_but_its_absence_does(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        EventFile(tmp_path / "nothing").read()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_memory_is_bounded_by_what_is_kept(tb, tmp_path):
    """A file of pictures ten times the window costs no more than the window."""
    path = tmp_path / tb.NAME
    picture = tb.record(tb.image("pic", 1, 900_000).SerializeToString())
    with path.open("wb") as out:
        out.write(tb.to_bytes([tb.version()]))
        for step in range(120):
            out.write(picture + tb.record(tb.scalar("loss", step, 1.0).SerializeToString()))
    code = (
        "import sys; from pathlib import Path; from lrdoctor.readers._events import EventFile\n"
        "used = lambda: int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]) // 1024\n"
        "before = used()\n"
        "assert len(EventFile(sys.argv[1]).read().curves()['loss'].step) == 120\n"
        "assert 'tensorboard' not in sys.modules\n"
        "print(used() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 30
