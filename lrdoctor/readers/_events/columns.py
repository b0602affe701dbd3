"""What has been read from an event file, as columns, and the curves in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


class Curve(NamedTuple):
    """One tag's points in the order of the file: steps, wall times, values."""

    step: Ints
    wall: Floats
    value: Floats

    @property
    def ordered(self) -> bool:
        """Say whether no step is smaller than the one before."""
        return bool((self.step[1:] >= self.step[:-1]).all())

    @property
    def constant(self) -> bool:
        """Say whether all points are at one step."""
        return bool(self.step[0] == self.step[-1] and (self.step == self.step[0]).all())

    def of(self, some: Bools | Ints | slice) -> Curve:
        """Some of the points."""
        return Curve(self.step[some], self.wall[some], self.value[some])

    def then(self, other: Curve) -> Curve:
        """These points, and others behind them."""
        return Curve(
            np.concatenate([self.step, other.step]),
            np.concatenate([self.wall, other.wall]),
            np.concatenate([self.value, other.value]),
        )


class Curves(dict[str, Curve]):
    """Curves by tag."""

    ordered = False
    """Known to have no step that is smaller than the one before it in its curve."""


@dataclass(slots=True)
class Columns:
    """Scalars in the order of the file, with what else matters.

    Parameters
    ----------
    names
        Tags as written, to which `code` points; there may be others among them.
    code, step, wall, value
        One entry per scalar: uint16 or int32, int64, float64, float32 or float64.
    restarts
        Session starts in files of version 2, as pairs: number of scalars before it, its step.
    late
        Marks scalars of events that came after one with a larger step, in files without a version, where that
        means a restart; None if there is none.
    ghost
        Marks entries that stand for a value which is no scalar, but which purges scalars of its tag all the
        same.
    settings, texts
        Hyperparameter records and short texts, as written.
    records, damaged, lost_bytes, tail_bytes
        Records read; records or stretches lost to damage; bytes lost; bytes at the end that are not a whole
        record.
    started_over
        The file was replaced or has shrunk since the last time; what was read before is void.
    """

    names: Sequence[bytes] = ()
    code: NDArray[np.uint16] | NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.uint16))
    step: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    wall: Floats = field(default_factory=lambda: np.empty(0))
    value: NDArray[np.float32] | Floats = field(default_factory=lambda: np.empty(0, np.float32))
    restarts: list[tuple[int, int]] = field(default_factory=list)
    late: Bools | None = None
    ghost: Bools | None = None
    settings: list[bytes] = field(default_factory=list)
    texts: dict[str, bytes] = field(default_factory=dict)
    records: int = 0
    damaged: int = 0
    lost_bytes: int = 0
    tail_bytes: int = 0
    started_over: bool = False

    def __len__(self) -> int:
        return int(self.step.size)

    def curves(self) -> Curves:
        """The curves by tag, tags in the order of their first point, without what a restart has made void."""
        from lrdoctor.readers._events.purge import after_restarts, purge_late

        keep = after_restarts(self.step, self.restarts)
        code, step, wall, value = self.code, self.step, self.wall, self.value
        late, ghost = self.late, self.ghost
        if keep is not None:
            code, step, wall, value = code[keep], step[keep], wall[keep], value[keep]
            late = None if late is None else late[keep]
            ghost = None if ghost is None else ghost[keep]
        found = Curves()
        if not len(step):
            return found
        order = np.argsort(code, kind="stable")
        code, step, wall = code.take(order), step.take(order), wall.take(order)
        value = value.take(order).astype(np.float64)
        inside = code[1:] == code[:-1]
        begins = [0, *(np.flatnonzero(~inside) + 1).tolist()]
        found.ordered = not (inside & (step[1:] < step[:-1])).any()
        spans = zip(
            order.take(begins).tolist(), code.take(begins).tolist(), begins, [*begins[1:], len(step)], strict=True
        )
        for _, index, begin, end in sorted(spans):
            curve = Curve(step[begin:end], wall[begin:end], value[begin:end])
            if late is not None:
                good = purge_late(curve.step, late[order[begin:end]])
                if ghost is not None:
                    good &= ~ghost[order[begin:end]]
                curve = curve.of(good)
            if curve.step.size:
                found[self.names[index].decode("utf-8", "backslashreplace")] = curve
        return found


def join(parts: Sequence[Columns]) -> Columns:
    """Put what was read in turn together, as if it had been read at once."""
    for index in range(len(parts) - 1, 0, -1):
        if parts[index].started_over:
            parts = parts[index:]
            break
    if len(parts) == 1:
        return parts[0]
    numbers: dict[bytes, int] = {}
    codes, restarts, texts, offset = [], [], dict[str, bytes](), 0
    for part in parts:
        used = np.flatnonzero(np.bincount(part.code, minlength=1)).tolist() if len(part) else []
        mapping = np.zeros(max(used, default=0) + 1, np.int32)
        for index in used:
            mapping[index] = numbers.setdefault(part.names[index], len(numbers))
        codes.append(mapping.take(part.code))
        restarts += [(offset + count, step) for count, step in part.restarts]
        texts |= part.texts
        offset += len(part)

    def flags(name: str) -> Bools | None:
        if all(getattr(part, name) is None for part in parts):
            return None
        held = [getattr(part, name) for part in parts]
        return np.concatenate([np.zeros(len(p), bool) if h is None else h for p, h in zip(parts, held, strict=True)])

    code = np.concatenate(codes)
    return Columns(
        names=list(numbers),
        code=code.astype(np.uint16) if len(numbers) < 1 << 16 else code,
        step=np.concatenate([part.step for part in parts]),
        wall=np.concatenate([part.wall for part in parts]),
        value=np.concatenate([part.value for part in parts]),
        restarts=restarts,
        late=flags("late"),
        ghost=flags("ghost"),
        settings=[content for part in parts for content in part.settings],
        texts=texts,
        records=sum(part.records for part in parts),
        damaged=sum(part.damaged for part in parts),
        lost_bytes=sum(part.lost_bytes for part in parts),
        tail_bytes=parts[-1].tail_bytes,
        started_over=parts[0].started_over,
    )
