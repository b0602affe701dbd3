"""Curves that were saved as bare arrays: `losses.npy`, `val_loss.npy`, `lrs.npy` of one directory are one run.

So are lists of numbers as Python prints them and `json.dump` writes them, in files named like a curve.
Pickled arrays are never loaded.
"""

from __future__ import annotations

import json
import re
from tokenize import TokenError
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.patterns import pattern
from lrdoctor.readers._axis import is_axis_name, plain
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._course import is_curve_name
from lrdoctor.readers._table import Table, runs_from_table
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrdoctor.records import Hyperparameter, Run

_MAGIC = b"\x93NUMPY"
_RATES = pattern(r"(?:\w+_)?(?:lrs?|learning_rates?)(?:_\w+)?")
# What numpy raises on a header that is none.
_DAMAGE = (
    ValueError,
    SyntaxError,
    TokenError,
    TypeError,
    KeyError,
    EOFError,
    OverflowError,
    RecursionError,
    MemoryError,
)
_MOST_POINTS = 50_000_000
_LIST_SUFFIXES = (".json", ".txt", ".log", ".list", "")
_LIST = pattern(rb"\s*\[\s*[-+]?(?:\d|\.\d|nan|inf)[^\[{\"']*", re.IGNORECASE)
_WORDS = pattern(rb"\b(nan|inf)\b")
_LIST_BYTES = 1 << 28


class NpyReader:
    """Reads one-dimensional arrays that are named like curves."""

    name = "npy"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim arrays and lists of numbers by the name of the file: a loss, a metric, a rate or a step."""
        array = file.suffix == ".npy" and file.head.startswith(_MAGIC)
        if not array and not (file.suffix in _LIST_SUFFIXES and _LIST.fullmatch(file.head)):
            return None
        stem = file.path.stem
        if not (is_curve_name(stem) or is_axis_name(stem) or _RATES.fullmatch(plain(stem))):
            return None
        return Claim(strength=Strength.SHAPE, group=file.path.parent, quiet=True)

    def read(self, source: Source) -> Iterator[Run]:
        """Put the arrays of one directory side by side; see `Reader.read`."""
        arrays: dict[str, NDArray[np.float64]] = {}
        notes: list[str] = []
        failure: ReadError | None = None
        for file in source.files:
            try:
                arrays[file.path.stem] = _vector(file) if file.suffix == ".npy" else _listed(file)
            except ReadError as error:
                failure = failure or error
                notes.append(f"{file.name}: {error.reason}")
        if not any(not is_axis_name(name) for name in arrays):
            raise failure or NotALogError(source.path, "arrays of steps without a curve")
        rates = [name for name in arrays if _RATES.fullmatch(plain(name))]
        for name in rates:
            values = arrays[name][np.isfinite(arrays[name])]
            if values.size and values.min() < 0 and values.max() < 3:
                arrays[name] = 10.0 ** arrays[name]
                notes.append(f"{name!r} goes below zero: read as the logarithm to base 10 of a rate")
        lengths = {array.size for array in arrays.values()}
        rows = max(lengths)
        if len(lengths) > 1:
            notes.append("the arrays have several lengths: each is counted by itself")
        table = Table({})
        for name, array in arrays.items():
            table.columns[name] = np.concatenate([array, np.full(rows - array.size, np.nan)])
            if array.size < rows:
                table.logged[name] = np.arange(rows) < array.size
        settings: dict[str, Hyperparameter] = {}
        if len(rates) == 1 and len(arrays) == 2 and len(lengths) == 1 and _climbs(arrays[rates[0]]):
            settings["schedule"] = "range_test"  # finders save these two; a training saves more, or no rates
        single = source.files[0].path if len(source.files) == 1 else source.path
        yield from runs_from_table(
            table, source=str(single), format_name=self.name, notes=notes, blank_may_be_nan=False,
            hyperparameters=settings,
            roles=dict.fromkeys(rates, (Role.LR, "an array named like a learning rate")),
        )  # fmt: skip


def _climbs(rates: NDArray[np.float64]) -> bool:
    """Whether rates rise all the way, and by more than a factor of two."""
    return bool(np.isfinite(rates).all() and np.all(np.diff(rates) >= 0) and rates[-1] > 2 * rates[0] >= 0)


def _listed(file: LogFile) -> NDArray[np.float64]:
    """The numbers of a printed list; Python writes nan and inf where JSON knows NaN and Infinity."""
    if file.size > _LIST_BYTES:
        raise ReadError(file.path, f"a list of more than {_LIST_BYTES >> 20} MB")
    try:
        text = _WORDS.sub(lambda word: b"NaN" if word[1] == b"nan" else b"Infinity", file.path.read_bytes())
        values = json.loads(text, parse_int=float)
    except OSError as error:
        raise ReadError(file.path, f"cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise ReadError(file.path, "a list that does not end like one: was the file cut off?") from None
    if not isinstance(values, list) or not all(type(value) is float for value in values):
        raise NotALogError(file.path, "a list, but not of numbers alone")
    if len(values) < 2:
        raise NotALogError(file.path, "a list of a single number is no curve")
    return np.array(values, np.float64)


def _vector(file: LogFile) -> NDArray[np.float64]:
    """The numbers of one file, after its header has been held against its size."""
    try:
        with file.path.open("rb") as stream:
            version = np.lib.format.read_magic(stream)
            read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else (
                np.lib.format.read_array_header_2_0)  # fmt: skip
            shape, _, dtype = read_header(stream)
            room = file.size - stream.tell()
            flat = [length for length in shape if length != 1]
            if dtype.kind not in "fiu" or len(flat) != 1 or not 2 <= flat[0] <= _MOST_POINTS:
                raise NotALogError(file.path, f"an array of shape {shape} and type {dtype} is no curve")
            count = min(flat[0], room // dtype.itemsize)
            if count < 2:
                raise ReadError(file.path, "cut off before its second number")
            with np.errstate(invalid="ignore"):  # a signalling NaN
                return np.frombuffer(stream.read(count * dtype.itemsize), dtype, count).astype(np.float64)
    except _DAMAGE as error:
        raise ReadError(file.path, f"no array that numpy can read: {error}") from None
    except OSError as error:
        raise ReadError(file.path, f"cannot be read: {error.strerror or error}") from None


READER = NpyReader()
