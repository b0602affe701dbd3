"""A writer of `.wandb` files, byte by byte, so that tests can also write what no real writer would."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest

from lrdoctor.readers._base import LogFile, Source

FIXTURES = Path(__file__).parents[2] / "fixtures" / "wandb"
VERSIONS = ("0.12.21", "0.16.6", "0.19.11", "0.31.0")
BLOCK = 32_768


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, content):
    """One field: bytes and text by length, integers as varints, floats in eight bytes."""
    if isinstance(content, float):
        return varint(number << 3 | 1) + struct.pack("<d", content)
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def item(key, value, *, nested=False, typed=False):
    """One metric of a history record, in one of the forms that writers have used."""
    keys = (
        b"".join(field(2, part) for part in key) if isinstance(key, tuple) else field(2 if nested else 1, key)
    )
    if not typed:
        return keys + field(16, value if isinstance(value, str) else json.dumps(value))
    if value is None:
        return keys + field(3, 0)
    if isinstance(value, bool):
        return keys + field(4, int(value))
    if isinstance(value, int):
        return keys + field(5, (value << 1) ^ (value >> 63))
    if isinstance(value, float):
        return keys + field(6, value)
    return keys + field(7, value)


def history(number, items, step=None):
    """A record with one history message; the step is an empty message at 0, as proto3 has it."""
    content = b"".join(field(1, each) for each in items)
    if step is not None:
        content += field(2, field(1, step) if step else b"")
    return (field(1, number) if number else b"") + field(2, content)


def frame(records):
    """Records in blocks of 32 KiB behind the file's header."""
    out = bytearray(b":W&B\xe1\xbe\x00")
    for record in records:
        first = True
        while first or record:
            left = BLOCK - len(out) % BLOCK
            if left < 7:
                out += bytes(left)
                left = BLOCK
            chunk, record = record[: left - 7], record[left - 7 :]
            kind = (2 if record else 1) if first else (3 if record else 4)
            out += struct.pack("<IHB", zlib.crc32(bytes([kind]) + chunk), len(chunk), kind) + chunk
            first = False
    return bytes(out)


def simple(steps=12, **options):
    """Records of a plain run of some steps."""
    config = field(1, field(1, "lr") + field(16, "0.01")) + field(
        1, field(1, "optimizer") + field(16, '"SGD"')
    )
    records = [
        field(1, 1) + field(17, field(1, "abc") + field(4, config) + field(8, "brave-name-1")),
    ]
    for step in range(steps):
        row = [("_step", step), ("loss", 2.0 / (step + 1)), ("val/loss", 3.0 / (step + 1))]
        records.append(history(step + 2, [item(key, value, **options) for key, value in row], step))
    return records


@pytest.fixture
def run_dir(tmp_path):
    """Make a run directory and read it back."""

    def make(content, name="offline-run-20240101_000000-abc", **files):
        directory = tmp_path / "wandb" / name
        (directory / "files").mkdir(parents=True, exist_ok=True)
        if content is not None:
            (directory / f"run-{name.rpartition('-')[2]}.wandb").write_bytes(content)
        for path, text in files.items():
            (directory / "files" / path).write_text(text)
        return directory

    return make


def source_of(reader, root):
    """Every source that a reader claims below a directory."""
    groups = {}
    for path in sorted(path for path in Path(root).rglob("*") if path.is_file()):
        file = LogFile(path)
        claim = reader.claim(file)
        if claim is not None:
            groups.setdefault(claim.group or path, []).append(file)
    return [Source(path=path, files=tuple(files)) for path, files in groups.items()]


def read_all(reader, root):
    """Every run that a reader finds below a directory."""
    return [run for source in source_of(reader, root) for run in reader.read(source)]


class Tools:
    """What the tests of this folder share; a fixture, since test folders are no packages."""

    fixtures, versions = FIXTURES, VERSIONS
    varint, field, item, history, frame, simple = map(
        staticmethod, (varint, field, item, history, frame, simple)
    )
    source_of, read_all = staticmethod(source_of), staticmethod(read_all)


@pytest.fixture(scope="session")
def tools():
    return Tools
