"""CPU time of reading a `.wandb` file: ours beside wandb's own reader, where a version that has one is there.

    python tests/benchmarks/bench_wandb.py [--steps 20000] [--repeat 5] [FILE ...]

Without a file, one is written in the form of wandb 0.19 to 0.31: history and two summaries for each step,
seven metrics and three clocks in an order of their own on each record. wandb's reader (`DataStore`) is in
wandb up to 0.19.11; it decodes every value with `json`, as `wandb sync` does.
"""

from __future__ import annotations

import argparse
import json
import random
import struct
import sys
import tempfile
import time
import zlib
from pathlib import Path
from statistics import median

BLOCK = 32_768


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def message(number, values, step):
    items = [
        field(1, field(2, name.encode()) + field(16, json.dumps(value).encode())) for name, value in values
    ]
    moment = field(2, b"\x08" + varint(step) if step else b"")
    return b"\x08" + varint(number) + field(2, b"".join(items) + moment)


def summary(number, values):
    items = [
        field(1, field(2, name.encode()) + field(16, json.dumps(value).encode())) for name, value in values
    ]
    return b"\x08" + varint(number) + field(3, b"".join(items))


def write(path, steps):
    """Write a log of this many steps, as the Go writer lays it out."""
    chance = random.Random(0)
    out = bytearray(b":W&B\xe1\xbe\x00")
    for step in range(steps):
        values = [
            ("train/loss", 2.0 / (step + 1) ** 0.3 + 0.1 * chance.random()),
            ("train/acc", chance.random()),
            ("lr", 1e-3 * (1 - step / steps)),
            ("epoch", step / 1000),
            ("grad_norm", chance.random()),
            ("throughput", chance.random() * 1e4),
            ("_step", step),
            ("_timestamp", 1.7e9 + step * 0.1),
            ("_runtime", step * 0.1),
        ]
        if step % 20 == 0:
            values.append(("val/loss", chance.random()))
        chance.shuffle(values)
        number = 3 * step
        for record in (
            message(number + 1, values, step),
            summary(number + 2, values[:1]),
            summary(number + 3, values),
        ):
            first = True
            while record or first:
                left = BLOCK - len(out) % BLOCK
                if left < 7:
                    out += bytes(left)
                    left = BLOCK
                piece, record = record[: left - 7], record[left - 7 :]
                kind = (2 if record else 1) if first else (3 if record else 4)
                out += struct.pack("<IHB", zlib.crc32(bytes([kind]) + piece), len(piece), kind) + piece
                first = False
    path.write_bytes(out)


def ours(path):
    from lrdoctor.readers._base import LogFile
    from lrdoctor.readers._wandb.log import read_log

    return {name: value.size for name, (_, value) in read_log(LogFile(path)).columns.items()}


def theirs(path):
    from wandb.proto import wandb_internal_pb2
    from wandb.sdk.internal.datastore import DataStore

    store = DataStore()
    store.open_for_scan(str(path))
    columns = {}
    while (data := store.scan_data()) is not None:
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        for item in record.history.item:
            value = json.loads(item.value_json)
            if isinstance(value, float | int) and not isinstance(value, bool):
                columns.setdefault(item.key or ".".join(item.nested_key), []).append(value)
    return {name: len(values) for name, values in columns.items()}


def measure(readers, path, repeat):
    """Median CPU seconds of each reader, the readers taking turns."""
    taken = {name: [] for name in readers}
    for _ in range(repeat):
        for name, read in readers.items():
            begin = time.process_time()
            read(path)
            taken[name].append(time.process_time() - begin)
    return {name: median(times) for name, times in taken.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[2]))
    readers = {"lrdoctor": ours}
    try:
        import wandb
        import wandb.sdk.internal.datastore

        readers[f"wandb {wandb.__version__} DataStore"] = theirs
    except ImportError:
        print("no wandb with a reader of its own is installed (the last is 0.19.11): ours alone")
    with tempfile.TemporaryDirectory() as folder:
        files = options.files
        if not files:
            files = [Path(folder) / "run-bench.wandb"]
            write(files[0], options.steps)
        for path in files:
            counts = [read(path) for read in readers.values()]
            kept = set(counts[0])
            assert all(
                {name: n for name, n in other.items() if name in kept} == counts[0] for other in counts
            )
            total = sum(counts[0].values())
            print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, {total} values")
            times = measure(readers, path, options.repeat)
            for name, seconds in times.items():
                print(f"  {name:28} {seconds * 1e3:8.1f} ms  {total / seconds / 1e6:6.2f} M values/s"
                      f"  {seconds / times['lrdoctor']:5.1f}x")  # fmt: skip


if __name__ == "__main__":
    main()
