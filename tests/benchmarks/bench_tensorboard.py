"""CPU time and memory of reading event files: ours beside TensorBoard's, tbparse's, the Rust data server's.

    python tests/benchmarks/bench_tensorboard.py [--repeat 5] [--scale 1.0] [--case NAME ...] [--keep DIR]

Cases: one file of a million scalars (`simple_value`), the same as TF2 tensors, 200 runs of 5,000 scalars, and
20,000 scalars among 254 MB of pictures. Every reader returns every point: ours as arrays, which is what the
ratios refer to, and as the runs that a diagnosis begins with. Times are CPU seconds (user and
system, of all processes that take part) in rounds that take the readers in turn, so that a machine whose
speed drifts does so for all; the table shows medians, and the median of the ratios of each round. Readers
that are not installed are left out. TensorBoard and tbparse take minutes: `--scale 0.1` is quicker and says
much the same.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import platform
import resource
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
TAGS = [b"loss", b"lr", b"train/acc", b"grad_norm", b"epoch", b"a/b", b"mem", b"speed"]
RARE = [b"val_loss"]
NAME = "events.out.tfevents.1700000000.host.1.0"
EVERYTHING = dict.fromkeys(("compressedHistograms", "images", "audio", "scalars", "histograms", "tensors"), 0)


# --- Files: the bytes that torch and TensorFlow write, made here without either.


def crc_rows(messages):
    """Masked CRC-32C of each row of bytes."""
    if messages.shape[1] > 4096:  # pictures: a row at a time, by the tables that the tests hold against TensorBoard's
        from lrdoctor.readers._events.crc import crc32c, masked

        return np.array([masked(crc32c(row.tobytes())) for row in messages], np.uint32)
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> 1) ^ np.where(table & 1, np.uint32(0x82F63B78), np.uint32(0))
    crc = np.full(len(messages), 0xFFFFFFFF, np.uint32)
    for column in messages.T:
        crc = table[(crc ^ column) & 255] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (crc >> 15 | crc << 17) + np.uint32(0xA282EAD8)


def framed(payloads):
    """Records of these payloads, checksums and all; those of equal length are done together."""
    lengths = np.array([len(payload) for payload in payloads])
    starts = np.concatenate([[0], np.cumsum(lengths + 16)])
    out = np.zeros(starts[-1], np.uint8)
    for length in np.unique(lengths).tolist():
        chosen = np.flatnonzero(lengths == length)
        content = np.frombuffer(b"".join([payloads[i] for i in chosen]), np.uint8).reshape(-1, length)
        head = np.frombuffer(struct.pack("<Q", length), np.uint8)
        records = np.empty((len(chosen), length + 16), np.uint8)
        records[:, :8] = head
        records[:, 8:12] = crc_rows(head[None]).view(np.uint8)
        records[:, 12:-4] = content
        records[:, -4:] = crc_rows(content).view(np.uint8).reshape(-1, 4)
        for first in range(0, len(chosen), 1 << 16):
            part = slice(first, first + (1 << 16))
            out[starts[chosen[part]][:, None] + np.arange(length + 16)] = records[part]
    return out.tobytes()


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def event(wall, step, content):
    return b"\x09" + struct.pack("<d", wall) + (b"\x10" + varint(step) if step else b"") + content


VERSION = event(1.7e9, 0, field(3, b"brain.Event:2"))


def simple(wall, step, tag, value):
    return event(wall, step, field(5, field(1, field(1, tag) + b"\x15" + struct.pack("<f", value))))


def tensor(wall, step, tag, value):
    content = field(8, b"\x08\x01\x12\x00" + field(4, struct.pack("<f", value)))
    return event(wall, step, field(5, field(1, field(1, tag) + content + field(9, field(1, field(1, b"scalars"))))))


def picture(wall, step, size, rng):
    image = b"\x08\x80\x04\x10\x80\x04\x18\x03" + field(4, rng.bytes(size))
    return event(wall, step, field(5, field(1, field(1, b"pic") + field(4, image))))


def scalars(count, write, seed=0):
    """Events of `count` scalars: eight curves at every step, a ninth at every tenth."""
    rng = np.random.default_rng(seed)
    walls, values = 1.7e9 + np.cumsum(rng.exponential(0.01, count)), rng.normal(size=count)
    payloads, step = [], 0
    while len(payloads) < count:
        for tag in TAGS + RARE * (step % 10 == 0):
            if len(payloads) < count:
                at = len(payloads)
                payloads.append(write(walls[at], step, tag, values[at]))
        step += 1
    return payloads


def make(case, folder, scale):
    """Write the files of a case; return how many scalars they hold."""
    if case in ("million", "tensors"):
        count = int(1_000_001 * scale)
        (folder / "run").mkdir(parents=True)
        payloads = scalars(count, simple if case == "million" else tensor)
        (folder / "run" / NAME).write_bytes(framed([VERSION, *payloads]))
        return count
    if case == "fleet":
        runs = max(int(200 * scale), 1)
        for run in range(runs):
            (folder / f"run{run:03}").mkdir(parents=True)
            (folder / f"run{run:03}" / NAME).write_bytes(framed([VERSION, *scalars(5000, simple, run)]))
        return 5000 * runs
    count, rng = int(500 * scale), np.random.default_rng(0)
    (folder / "run").mkdir(parents=True)
    payloads = scalars(40 * count, simple)
    with (folder / "run" / NAME).open("wb") as out:
        out.write(framed([VERSION]))
        for index in range(count):
            image = picture(1.7e9 + index, index, 508_000, rng)
            out.write(framed([*payloads[40 * index : 40 * index + 40]]) + framed([image]))
    return 40 * count


# --- Readers: each takes the event files of a case and returns the number of points it has in hand.


def ours(files):
    from lrdoctor.readers._base import LogFile, Source
    from lrdoctor.readers.tensorboard import READER

    count = 0
    for path in files:
        for run in READER.read(Source(path=path.parent, files=(LogFile(path),))):
            count += sum(len(series) for series in run.series.values())
    return count


def columns(files):
    """Curves as arrays, as EventAccumulator has them as lists."""
    from lrdoctor.readers._events import EventFile

    return sum(len(curve.step) for path in files for curve in EventFile(path).read().curves().values())


def tensorboard(files):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    count = 0
    for path in files:
        accumulator = EventAccumulator(str(path), size_guidance=EVERYTHING)
        accumulator.Reload()
        count += sum(len(accumulator.Scalars(tag)) for tag in accumulator.Tags()["scalars"])
        count += sum(
            len(accumulator.Tensors(tag))
            for tag in accumulator.Tags()["tensors"]
            if accumulator.SummaryMetadata(tag).plugin_data.plugin_name == "scalars"
        )
    return count


def tbparse(files):
    from tbparse import SummaryReader

    count = 0
    for path in files:
        reader = SummaryReader(str(path), event_types={"scalars", "tensors"})
        count += len(reader.scalars) or len(reader.tensors)
    return count


def data_server(files):
    """The Rust data server, told not to sample: start, wait until the last step is there, fetch every point."""
    import grpc
    import tensorboard_data_server
    from tensorboard import context
    from tensorboard.data import grpc_provider, provider
    from tensorboard.data.proto import data_provider_pb2_grpc

    logdir = files[0].parents[1]
    with tempfile.TemporaryDirectory() as scratch:
        port_file = Path(scratch) / "port"
        command = [tensorboard_data_server.server_binary(), f"--logdir={logdir}", "--port=0",
                   f"--port-file={port_file}", "--samples-per-plugin=scalars=all", "--reload=once"]  # fmt: skip
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            while not port_file.exists() or not port_file.read_text().endswith("\n"):
                time.sleep(0.01)
            channel = grpc.insecure_channel(
                f"localhost:{port_file.read_text().strip()}",
                options=[("grpc.max_receive_message_length", 1 << 30)],
            )
            source = grpc_provider.GrpcDataProvider(
                "local", data_provider_pb2_grpc.TensorBoardDataProviderStub(channel)
            )
            where = {"experiment_id": "", "plugin_name": "scalars"}
            quiet, seen = 0, None
            while quiet < 3:  # it has no word for "finished"
                time.sleep(0.2)
                found = source.list_scalars(context.RequestContext(), **where)
                state = [(r, t, s.max_step, s.max_wall_time) for r, tags in found.items() for t, s in tags.items()]
                quiet, seen = (quiet + 1 if state and state == seen else 0), state
            count = 0
            for run in found:  # all at once is beyond what one message may hold
                curves = source.read_scalars(
                    context.RequestContext(), **where, downsample=1 << 30,
                    run_tag_filter=provider.RunTagFilter(runs=[run]),
                )  # fmt: skip
                count += sum(len(points) for tags in curves.values() for points in tags.values())
        finally:
            server.kill()
            server.wait()
    return count


READERS = {
    "lrdoctor, arrays": (columns, "lrdoctor"),
    "lrdoctor, runs": (ours, "lrdoctor"),
    "data server": (data_server, "tensorboard_data_server"),
    "EventAccumulator": (tensorboard, "tensorboard"),
    "tbparse": (tbparse, "tbparse"),
}
CASES = ("million", "tensors", "fleet", "pictures")


def cpu():
    """CPU seconds of this process and of those that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def measure(reader, files, expected):
    before = cpu()
    count = reader(files)
    spent = cpu() - before
    if count != expected:
        print(f"  {reader.__name__} returned {count} points of {expected}", file=sys.stderr)
    return spent


def peak(files):
    """Peak memory in MB of a process that reads the files with our reader."""
    code = "import sys; sys.path[:0] = sys.argv[1:3]; import bench_tensorboard as b; print(b.used(sys.argv[3:]))"
    command = [sys.executable, "-c", code, str(ROOT), str(Path(__file__).parent), *map(str, files)]
    here = Path(__file__).parent
    return int(subprocess.run(command, capture_output=True, text=True, check=True, cwd=here).stdout)


def used(paths):
    ours([Path(path) for path in paths])
    status = Path("/proc/self/status")  # ru_maxrss would begin with the size of the process that forked this one
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform != "darwin" else 1 << 20)


def compare(case, folder, arguments, readers):
    """Measure one case and print its rows."""
    if not folder.exists():
        make(case, folder, arguments.scale)
    files = sorted(folder.glob(f"*/{NAME}"))
    size = sum(path.stat().st_size for path in files)
    expected = ours(files)  # once before, so that nobody pays for a cold cache or imports
    times = {name: [] for name in readers}
    for _ in range(arguments.repeat):
        for name, reader in readers.items():
            times[name].append(measure(reader, files, expected))
    print(f"\n{case}: {expected:,} scalars, {len(files)} file(s), {size / 1e6:.0f} MB; "
          f"peak memory of ours {peak(files)} MB")  # fmt: skip
    for name, spent in times.items():
        ratios = [other / mine for other, mine in zip(spent, times["lrdoctor, arrays"], strict=True)]
        spread = f"{min(ratios):.1f} to {max(ratios):.1f}" if name != "lrdoctor, arrays" else ""
        print(f"  {name:18} {median(spent):9.3f} s  {median(ratios):8.1f} x  {spread}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="size of the files, 1.0 for a million scalars")
    parser.add_argument("--case", nargs="+", default=CASES, choices=CASES)
    parser.add_argument("--without", nargs="*", default=[], choices=list(READERS), help="readers to leave out")
    parser.add_argument("--keep", type=Path, help="write the files here, and use them if they are there already")
    arguments = parser.parse_args()
    readers = {
        name: reader
        for name, (reader, package) in READERS.items()
        if package == "lrdoctor" or (name not in arguments.without and importlib.util.find_spec(package))
    }
    machine = platform.processor() or platform.machine()
    print(f"{machine}, Python {platform.python_version()}, numpy {np.__version__}")
    print("CPU seconds (medians), times ours, range of the ratios")
    with contextlib.ExitStack() as stack:
        root = arguments.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for case in arguments.case:
            compare(case, root / f"{case}-{arguments.scale:g}", arguments, readers)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    import logging

    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    main()
