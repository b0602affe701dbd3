"""What a notebook calls; the CLI calls the same functions."""

from __future__ import annotations

import glob
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrdoctor.errors import LrdoctorError, UsageError
from lrdoctor.records import Diagnosis, Run, RunDiagnosis, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lrdoctor.answers import PlanReport
    from lrdoctor.config import Config
    from lrdoctor.report import Report, SweepReport


def read(source: Any, *, roles: Mapping[str, str] | None = None) -> list[Run]:
    """Read every run of some logs, with the role of each curve known.

    Parameters
    ----------
    source
        A path or glob of a log or of a directory of logs; a data frame (pandas, polars, pyarrow), a dict of arrays, a
        Keras History, a Hugging Face log history; a `Run`; or a list of any of these.
    roles
        Roles by tag (or glob pattern of tags) that override the vocabulary, e.g. ``{"objective": "train_loss"}``.

    Returns
    -------
    Runs, in the order found. Files that look like a log and cannot be read are left out; `diagnose` names them.

    Raises
    ------
    UsageError
        `source` is of no kind that can be read, or a path that does not exist.
    ConfigError
        An override names an unknown role, or a tag that no run has.
    """
    return [item for item in stream(source, roles=roles) if isinstance(item, Run)]


def diagnose(
    source: Any,
    *,
    config: Config | None = None,
    roles: Mapping[str, str] | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    progress: Callable[[int, str], None] | None = None,
) -> Report:
    """Read logs, name the learning-rate trouble of each run, and plan what to change.

    Parameters
    ----------
    source, roles
        As for `read`.
    config
        Settings; by default none (the command line reads ``[tool.lrdoctor]``).
    select, ignore
        Rule codes (or prefixes of them, or names) to apply, or to leave out.
    progress
        Called after each run with the number done and the run's id.

    Raises
    ------
    UsageError
        `source` is of no kind that can be read, or a path that does not exist.
    ConfigError
        An override names an unknown role, or a tag that no run has.
    """
    from lrdoctor import __version__
    from lrdoctor.config import Config
    from lrdoctor.engine import all_rules, diagnose_run
    from lrdoctor.report import Report

    config = config or Config()
    rules = config.selecting(select, ignore).apply(all_rules())
    runs: list[RunDiagnosis] = []
    unreadable: list[Unreadable] = []
    for item in stream(source, roles=roles, settled=config.roles):
        if isinstance(item, Unreadable):
            unreadable.append(item)
            continue
        try:
            runs.append(diagnose_run(item, rules))
        except LrdoctorError:
            raise
        except Exception as error:
            unreadable.append(_defect(item, "could not be diagnosed", error))
        if progress is not None:
            progress(len(runs), item.id)
    return Report(Diagnosis(runs=tuple(runs), unreadable=tuple(unreadable), version=__version__))


def sweep(
    source: Any,
    *,
    config: Config | None = None,
    roles: Mapping[str, str] | None = None,
    progress: Callable[[int, str], None] | None = None,
) -> SweepReport:
    """Use all runs together: which learning rate was best, how sure that is, and which one to try next.

    Works from one run on (then its own dose is what to try). Runs that differ in optimizer, batch size, budget,
    model or data make groups of their own, and each says why no rate is carried over from the others.

    Parameters
    ----------
    source, config, roles, progress
        As for `diagnose`.

    Raises
    ------
    UsageError
        `source` is of no kind that can be read, or a path that does not exist.
    ConfigError
        An override names an unknown role, or a tag that no run has.
    """
    from lrdoctor import __version__
    from lrdoctor.config import Config
    from lrdoctor.engine import Context, all_rules, diagnose_run
    from lrdoctor.report import SweepReport
    from lrdoctor.studies.facts import Facts, facts_of
    from lrdoctor.studies.sweep import study

    config = config or Config()
    rules = config.selecting((), ()).apply(all_rules())
    known: list[Facts] = []
    unreadable: list[Unreadable] = []
    for item in stream(source, roles=roles, settled=config.roles):
        if isinstance(item, Unreadable):
            unreadable.append(item)
            continue
        try:
            known.append(facts_of(Context(item), diagnose_run(item, rules)))
        except LrdoctorError:
            raise
        except Exception as error:
            unreadable.append(_defect(item, "could not be compared", error))
        if progress is not None:
            progress(len(known), item.id)
    return SweepReport(tuple(study(known)), tuple(unreadable), __version__)


def plan(
    source: Any = None,
    *,
    optimizer: str | None = None,
    fine_tuning: bool = False,
    around: float | None = None,
    runs: int = 5,
    budget: int | None = None,
    sample: int = 0,
    seed: int = 0,
    config: Config | None = None,
    roles: Mapping[str, str] | None = None,
    progress: Callable[[int, str], None] | None = None,
) -> PlanReport:
    """Plan the next learning rates to try.

    Parameters
    ----------
    source, config, roles, progress
        What has been run, as for `sweep`; None: nothing.
    optimizer, fine_tuning, around
        Where to start from nothing: the optimizer's usual rate (lower for fine-tuning), or a rate.
    runs
        How many rates at most.
    budget
        Length of a full run in the steps (or epochs) of the logs; by default what they say.
    sample, seed
        Size and seed of a log-uniform sample beside the grid.

    Raises
    ------
    UsageError
        There is nothing to start from, the optimizer is unknown, a number is out of range, or `source` cannot be read.
    ConfigError
        An override names an unknown role, or a tag that no run has.
    """
    from lrdoctor import __version__
    from lrdoctor.answers import PlanReport
    from lrdoctor.prescribing.optimizers import usual_rates
    from lrdoctor.studies.planning import Wishes, from_group, from_nothing

    wishes = Wishes(runs=runs, budget=budget, sample=sample, seed=seed)
    if source is not None:
        swept = sweep(source, config=config, roles=roles, progress=progress)
        return PlanReport(tuple(from_group(group, wishes) for group in swept), swept.unreadable, __version__)
    usual = usual_rates({"optimizer": optimizer})
    if optimizer is not None and usual is None:
        raise UsageError(f"the usual rates of {optimizer!r} are not known; name a rate to search around instead")
    return PlanReport((from_nothing(usual, around, fine_tuning=fine_tuning, wishes=wishes),), (), __version__)


def stream(
    source: Any, *, roles: Mapping[str, str] | None = None, settled: Mapping[str, str] | None = None
) -> Iterator[Run | Unreadable]:
    """Yield runs with their roles as they are read, and what could not be read; arguments as for `read`.

    `settled` holds roles from a configuration file: `roles` go before them, and they need not match anything,
    since one file serves many logs.
    """
    from lrdoctor.roles import RoleOverrides, assign_roles

    roles = roles or {}
    wanted = RoleOverrides(roles)
    overrides = RoleOverrides({**roles, **{tag: role for tag, role in (settled or {}).items() if tag not in roles}})
    found = False
    taken: Counter[str] = Counter()
    for item in _items(source):
        if not isinstance(item, Run):
            yield item
            continue
        found = True
        item = _named(item, taken)
        wanted.resolve(item.series)
        try:
            run = assign_roles(item, overrides)
        except Exception as error:  # a defect of ours in one run must not cost the user the others
            yield _defect(item, "its curves could not be told apart", error)
        else:
            yield run
    if found:
        wanted.check()


def _named(run: Run, taken: Counter[str]) -> Run:
    """The run under an id that no other has: what is read from memory may have none, or that of another."""
    name = run.id or "run"
    taken[name] += 1
    unique = name if taken[name] == 1 else f"{name}~{taken[name]}"
    return run if unique == run.id else replace(run, id=unique)


def _defect(run: Run, what: str, error: Exception) -> Unreadable:
    message = f"{what} ({type(error).__name__}: {error}); this is a bug, please report it"
    return Unreadable(source=run.source, error=f"run {run.id}: {message}")


def _items(source: Any) -> Iterator[Run | Unreadable]:
    """Dispatch on what the user has."""
    if isinstance(source, str | Path):
        source = [source]
    if isinstance(source, Run):
        yield source
        return
    if isinstance(source, list | tuple) and source and all(isinstance(item, str | Path) for item in source):
        from lrdoctor.gather import gather

        yield from gather(_expand(source))
        return
    if isinstance(source, list | tuple) and source and not _is_one_log(source):
        for number, item in enumerate(source, 1):
            yield from _numbered(item, number)
        return
    from lrdoctor.readers._memory import runs_from_object

    yield from runs_from_object(source)


def _is_one_log(items: Sequence[Any]) -> bool:
    """A list of numbers is one curve, a list of dicts one log history; a list of anything else is several logs."""
    return all(isinstance(item, int | float) for item in items) or (
        all(isinstance(item, dict) for item in items)
        and not any(
            isinstance(value, list | tuple) or hasattr(value, "__array__") for item in items for value in item.values()
        )
    )


def _numbered(item: Any, number: int) -> Iterator[Run | Unreadable]:
    for entry in _items(item):
        if isinstance(entry, Run) and not isinstance(item, str | Path | Run):
            entry = replace(entry, id=f"{entry.id or 'run'}-{number}")
        yield entry


def _expand(paths: Sequence[str | Path]) -> list[Path]:
    """Resolve globs; a path that exists is taken as it stands, whatever characters are in it."""
    found: list[Path] = []
    for path in paths:
        if not str(path):
            raise UsageError("the path is empty")
        if Path(path).exists() or not glob.has_magic(str(path)):
            found.append(Path(path))
            continue
        matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - absolute patterns too
        if not matches:
            raise UsageError(f"{path}: nothing matches this pattern")
        found += [Path(match) for match in matches]
    return found
