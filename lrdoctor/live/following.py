"""Logs below some paths while they grow: each look tells what is new since the one before."""

from __future__ import annotations

import contextlib
import glob
import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.claiming import claim_file
from lrdoctor.config import Config
from lrdoctor.engine import all_rules
from lrdoctor.examining import diagnosed, with_roles
from lrdoctor.gather import Bookmarks, gather
from lrdoctor.live._early import tempered
from lrdoctor.records import Run, RunDiagnosis, Unreadable
from lrdoctor.roles import RoleOverrides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lrdoctor import claiming
    from lrdoctor.bundles import Claimed, Found
    from lrdoctor.records import Series, Verdict


_EASE = 4.0


def pause(interval: float, took: float) -> float:
    """Seconds to the next look: the interval, or four times as long as the last look took if that is more."""
    return max(interval, _EASE * took)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A run to which something came.

    Parameters
    ----------
    said
        The diagnosis of all of it.
    before
        Its verdict at the look before; None for a run that was not there.
    points
        How many points are new, in all curves together.
    first_step, last_step
        Where they lie; None if there is none (only settings or notes changed).
    rewritten
        The log was replaced or cut: all of its points count as new.
    at
        When the log was last written to, in seconds since the epoch.
    """

    said: RunDiagnosis
    before: Verdict | None
    points: int
    first_step: int | None
    last_step: int | None
    rewritten: bool
    at: float


@dataclass(frozen=True, slots=True)
class Gone:
    """A run that is no longer there."""

    run_id: str


class _Marks(Bookmarks):
    """Bookmarks that also know whose each file is, and when each log was last written to."""

    def __init__(self, *, follow_links: bool = False) -> None:
        super().__init__(follow_links=follow_links)
        self._times: dict[str, float] = {}
        self._verdicts: dict[Path, tuple[object, claiming.Verdict]] = {}

    def claims(self, path: Path, files: Sequence[os.DirEntry[str]]) -> Iterator[claiming.Verdict]:
        """Whose the files of a directory are; as the last time where neither a file nor its company has changed."""
        company = frozenset(entry.name for entry in files)
        for entry in files:
            file = self.file(path / entry.name)
            with contextlib.suppress(OSError):
                known, verdict = self._verdicts.get(file.path, (None, (None, None)))
                if known != (file.stamp, company):
                    verdict = claim_file(file)
                    self._verdicts[file.path] = (file.stamp, company), verdict
                claimed, refused = verdict
                # What is claimed is put together with its group by whoever asked.
                yield (replace(claimed, files=[file]) if claimed is not None else None), refused

    def end(self) -> None:
        """Forget what is no longer there."""
        super().end()
        self._verdicts = {path: known for path, known in self._verdicts.items() if path in self._files}

    def read(self, pending: Claimed) -> Iterator[Found | Unreadable]:
        """The runs of a source."""
        with contextlib.suppress(OSError):
            self._times[str(pending.path)] = max(file.stamp[3] for file in pending.files) / 1e9
        return super().read(pending)

    def of(self, source: str) -> float:
        """When the newest file of a log was last written to, in seconds since the epoch."""
        return self._times.get(source) or time.time()


class Follower:
    """Looks at logs again and again; what has not grown is neither read nor diagnosed again.

    Parameters
    ----------
    paths
        Files, directories and patterns of them; they need not exist yet.
    roles
        Roles by tag, as for `lrdoctor.diagnose`.
    config
        Settings, as for `lrdoctor.diagnose`.
    since
        Seconds since the epoch: runs that were last written to before are left alone until something comes to them, and
        points that were logged before (where the log has the time) are not new.
    follow_links
        As for `lrdoctor.diagnose`.

    Attributes
    ----------
    runs
        The last change of every run that is there, by id.
    unreadable
        What cannot be read at present.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        *,
        roles: Mapping[str, str] | None = None,
        config: Config | None = None,
        since: float | None = None,
        follow_links: bool = False,
    ) -> None:
        config = config or Config()
        self._paths = list(paths)
        self._roles = RoleOverrides({**config.roles, **(roles or {})})
        self._rules = config.apply(all_rules())
        self._since = since
        self._bookmarks = _Marks(follow_links=follow_links)
        self._read: dict[str, Run] = {}
        self.runs: dict[str, Change] = {}
        self.unreadable: list[Unreadable] = []

    @property
    def worst(self) -> int:
        """Rank of the worst finding in any run that is there; -1 if there is none."""
        return max((found.severity.rank for one in self.runs.values() for found in one.said.findings), default=-1)

    def look(self) -> Iterator[Change | Gone | Unreadable]:
        """Read what has grown, and diagnose it; yields what is new as it is found.

        While a run is not at its planned end, its plan is less sure, as a monitor's is.

        Raises
        ------
        ConfigError
            A rule cannot be applied as it was configured.
        """
        lost: list[Unreadable] = []
        found: dict[str, Run] = {}
        for item in gather(_matched(self._paths), bookmarks=self._bookmarks):
            news = item if isinstance(item, Unreadable) else self._judged(item, found)
            if isinstance(news, Unreadable):
                lost.append(news)
                if news not in self.unreadable:
                    yield news
            elif news is not None:
                self.runs[news.said.run.id] = news
                yield news
        for name in [name for name in self.runs if name not in found]:
            del self.runs[name]
            yield Gone(name)
        self._read, self.unreadable = found, lost

    def _judged(self, run: Run, found: dict[str, Run]) -> Change | Unreadable | None:
        """What came to a run; None if nothing did."""
        found[run.id] = run
        if self._read.get(run.id) is run:
            return None
        told = with_roles(run, self._roles)
        said = diagnosed(told, self._rules) if isinstance(told, Run) else told
        return self._change(run, tempered(said)) if isinstance(said, RunDiagnosis) else said

    def _change(self, run: Run, said: RunDiagnosis) -> Change | None:
        """What came to a run; None if that was before the time from which on news count."""
        before = self._read.get(run.id)
        at = self._bookmarks.of(run.source)
        if before is None and self._since is not None and at < self._since:
            return None
        fresh = {tag: _new_from(before.series.get(tag) if before else None, curve) for tag, curve in run.series.items()}
        rewritten = before is not None and any(
            fresh.get(tag, 0) == 0 and len(old) for tag, old in before.series.items()
        )
        if before is None and self._since is not None:
            fresh = {tag: _logged_from(run.series[tag], self._since) for tag in fresh}
        steps = [curve.step[0 if rewritten else fresh[tag] :] for tag, curve in run.series.items()]
        steps = [some for some in steps if some.size]
        known = self.runs.get(run.id)
        return Change(
            said=said,
            before=None if known is None else known.said.verdict,
            points=sum(some.size for some in steps),
            first_step=min((int(some[0]) for some in steps), default=None),
            last_step=max((int(some[-1]) for some in steps), default=None),
            rewritten=rewritten,
            at=at,
        )


def _matched(paths: Sequence[str | Path]) -> list[str | Path]:
    """The paths with what matches a pattern at present in its place."""
    found: list[str | Path] = []
    for path in map(str, paths):
        pattern = glob.has_magic(path) and not os.path.lexists(path)
        found += (pattern and sorted(glob.glob(path, recursive=True))) or [path]  # noqa: PTH207 - absolute patterns too
    return found


def _new_from(old: Series | None, new: Series) -> int:
    """Index of the first point that was not there; 0 if the curve is no longer what it was."""
    if old is None or not 0 < len(old) <= len(new):
        return 0
    same = len(old) - 1
    if not np.array_equal(old.step[:same], new.step[:same]) or not _alike(old.value[:same], new.value[:same]):
        return 0
    # A last point that was half written, or is logged again at its step, is new; its curve is not.
    whole = old.step[same] == new.step[same] and _alike(old.value[same:], new.value[same : same + 1])
    return len(old) if whole else same


def _alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool(np.array_equal(one, other, equal_nan=True))


def _logged_from(curve: Series, since: float) -> int:
    """Index of the first point logged since a time; 0 if the log does not tell times."""
    return 0 if curve.wall_time is None else int(np.searchsorted(np.maximum.accumulate(curve.wall_time), since))
