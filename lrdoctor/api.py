"""What a notebook calls; the CLI calls the same functions."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrdoctor.errors import LrdoctorError, UsageError
from lrdoctor.records import Run, RunDiagnosis, Unreadable
from lrdoctor.sources import all_roles, expand, paths_of, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from concurrent.futures import Executor

    from lrdoctor.answers import CompareReport, PlanReport, RangeTestReport
    from lrdoctor.claiming import Once
    from lrdoctor.config import Config
    from lrdoctor.report import Report, SweepReport
    from lrdoctor.studies.facts import Facts


TIMEOUT = 600.0
"""Seconds that one log may take in a worker: a gigabyte of text takes less."""


def read(source: Any, *, roles: Mapping[str, str] | None = None, follow_links: bool = False) -> list[Run]:
    """Read every run of some logs, with the role of each curve known.

    Parameters
    ----------
    source
        A path or glob of a log or of a directory of logs; a data frame (pandas, polars, pyarrow), a dict of arrays, a
        Keras History, a Hugging Face log history; a `Run`; or a list of any of these.
    roles
        Roles by tag (or glob pattern of tags) that override the vocabulary, e.g. ``{"objective": "train_loss"}``.
    follow_links
        Follow links below the paths that lead outside of them, too. The paths themselves may be links in any case.

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
    from lrdoctor.claiming import Once

    files = Once(follow_links=follow_links)
    return [item for item in stream(source, roles=roles, files=files) if isinstance(item, Run)]


def diagnose(
    source: Any,
    *,
    config: Config | None = None,
    roles: Mapping[str, str] | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    workers: int = 1,
    executor: Executor | None = None,
    cache: str | Path | None = None,
    timeout: float = TIMEOUT,
    follow_links: bool = False,
    progress: Callable[[int, str], None] | None = None,
) -> Report:
    """Read logs, name the learning-rate trouble of each run, and plan what to change.

    A report holds its curves whole, or thinned to what can be drawn where they are very many or come from workers.

    Parameters
    ----------
    source, roles, follow_links
        As for `read`.
    config
        Settings; by default none (the command line reads ``[tool.lrdoctor]``).
    select, ignore
        Rule codes (or prefixes of them, or names) to apply, or to leave out.
    workers
        Processes to share the work among, where `source` is paths.
    executor
        Where to do the work instead: any `concurrent.futures.Executor`, such as that of a Dask client.
    cache
        Directory to remember answers in: logs that have not changed are not read again. None: nowhere.
    timeout
        Seconds that one log may take in a worker before it is given up; 0: as long as it needs.
    progress
        Called after each run with the number done and the run's id.

    Raises
    ------
    UsageError
        `source` is of no kind that can be read, or a path that does not exist; workers cannot be started.
    ConfigError
        An override names an unknown role, or a tag that no run has.
    """
    from lrdoctor.fleet.holding import Holding
    from lrdoctor.report import Report

    holding = Holding()
    for item in diagnose_each(
        source, config=config, roles=roles, select=select, ignore=ignore, workers=workers, executor=executor,
        cache=cache, timeout=timeout, follow_links=follow_links,
    ):  # fmt: skip
        holding.add(item)
        if progress is not None and isinstance(item, RunDiagnosis):
            progress(len(holding.runs), item.run.id)
    return Report(holding.diagnosis())


def diagnose_each(
    source: Any,
    *,
    config: Config | None = None,
    roles: Mapping[str, str] | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    workers: int = 1,
    executor: Executor | None = None,
    cache: str | Path | None = None,
    timeout: float = TIMEOUT,
    follow_links: bool = False,
    warn: Callable[[str], object] = warnings.warn,
    files: Once | None = None,
) -> Generator[RunDiagnosis | Unreadable]:
    """Diagnose run after run, holding none: for more of them than fit into memory, or to act upon each as it comes.

    Parameters
    ----------
    source, config, roles, select, ignore, workers, executor, cache, timeout, follow_links
        As for `diagnose`.
    warn
        Told when the cache cannot be used.
    files
        How files are found and opened, links among them; it counts what the walk has come by.

    Yields
    ------
    What is said about each run, in an order that does not depend on the workers, and an `Unreadable` for each log that
    could not be read.

    Raises
    ------
    UsageError, ConfigError
        As for `diagnose`.
    """
    from lrdoctor.claiming import Once
    from lrdoctor.config import Config
    from lrdoctor.engine import all_rules

    files = files or Once(follow_links=follow_links)
    config = (config or Config()).selecting(select, ignore)
    paths = paths_of(source)
    if paths is None or (workers <= 1 and executor is None and cache is None):
        from lrdoctor.examining import diagnosed

        rules = config.apply(all_rules())
        for item in stream(source, roles=roles, settled=config.roles, files=files):
            yield diagnosed(item, rules) if isinstance(item, Run) else item
        return
    if config.chooses:  # otherwise nothing can be wrong with it, and what is remembered needs no rules
        config.check(all_rules())
    import msgspec

    from lrdoctor.fleet.cache import Cache
    from lrdoctor.fleet.pool import pool_for
    from lrdoctor.fleet.stream import diagnose_paths
    from lrdoctor.fleet.work import Task

    task = Task.of(config, all_roles(roles, config.roles), timeout)
    settings = msgspec.msgpack.encode((config, task.roles))
    yield from diagnose_paths(
        expand(paths), task, pool_for(workers, executor), wanted=roles or {},
        cache=None if cache is None else Cache(Path(cache), settings, warn), files=files,
    )  # fmt: skip


def sweep(
    source: Any,
    *,
    config: Config | None = None,
    roles: Mapping[str, str] | None = None,
    follow_links: bool = False,
    progress: Callable[[int, str], None] | None = None,
) -> SweepReport:
    """Use all runs together: which learning rate was best, how sure that is, and which one to try next.

    Works from one run on (then its own dose is what to try). Runs that differ in optimizer, batch size, budget,
    model or data make groups of their own, and each says why no rate is carried over from the others.

    Parameters
    ----------
    source, config, roles, follow_links, progress
        As for `diagnose`.

    Raises
    ------
    UsageError
        `source` is of no kind that can be read, or a path that does not exist.
    ConfigError
        An override names an unknown role, or a tag that no run has.
    """
    from lrdoctor import __version__
    from lrdoctor.report import SweepReport
    from lrdoctor.studies.sweep import study

    known, unreadable = _facts(source, config, roles, follow_links, progress)
    return SweepReport(tuple(study(known)), tuple(unreadable), __version__)


def compare(
    before: Any,
    after: Any,
    *,
    config: Config | None = None,
    roles: Mapping[str, str] | None = None,
    follow_links: bool = False,
    progress: Callable[[int, str], None] | None = None,
) -> CompareReport:
    """Hold runs against earlier ones: is the symptom gone, is the outcome better, and what else changed.

    Runs of the same id are compared with each other; where no id is on both sides, the best run of either side.

    Parameters
    ----------
    before, after, config, roles, follow_links, progress
        As for `diagnose`.

    Raises
    ------
    UsageError
        `before` or `after` is of no kind that can be read, or a path that does not exist.
    ConfigError
        An override names an unknown role, or a tag that no run has.
    """
    from lrdoctor import __version__
    from lrdoctor.answers import CompareReport
    from lrdoctor.studies.comparison import compare_runs, pair

    earlier, lost = _facts(before, config, roles, follow_links, progress)
    later, also_lost = _facts(after, config, roles, follow_links, progress)
    matched = pair(earlier, later)
    held = {id(run) for both in matched for run in both}
    return CompareReport(
        pairs=tuple(compare_runs(one, other) for one, other in matched),
        unmatched=tuple(run.id for run in [*earlier, *later] if id(run) not in held),
        counts=(len(earlier), len(later)),
        unreadable=(*lost, *also_lost),
        version=__version__,
    )


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
    follow_links: bool = False,
    progress: Callable[[int, str], None] | None = None,
) -> PlanReport:
    """Plan the next learning rates to try.

    Parameters
    ----------
    source, config, roles, follow_links, progress
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
        swept = sweep(source, config=config, roles=roles, follow_links=follow_links, progress=progress)
        return PlanReport(tuple(from_group(group, wishes) for group in swept), swept.unreadable, __version__)
    usual = usual_rates({"optimizer": optimizer})
    if optimizer is not None and usual is None:
        raise UsageError(f"the usual rates of {optimizer!r} are not known; name a rate to search around instead")
    return PlanReport((from_nothing(usual, around, fine_tuning=fine_tuning, wishes=wishes),), (), __version__)


def _facts(
    source: Any,
    config: Config | None,
    roles: Mapping[str, str] | None,
    follow_links: bool,
    progress: Callable[[int, str], None] | None,
) -> tuple[list[Facts], list[Unreadable]]:
    """Read and diagnose runs, and gather what a comparison needs of each; and what could not be read."""
    from lrdoctor.claiming import Once
    from lrdoctor.config import Config
    from lrdoctor.engine import Context, all_rules, diagnose_run
    from lrdoctor.examining import defect
    from lrdoctor.studies.facts import facts_of

    config = config or Config()
    rules = config.selecting((), ()).apply(all_rules())
    known: list[Facts] = []
    unreadable: list[Unreadable] = []
    for item in stream(source, roles=roles, settled=config.roles, files=Once(follow_links=follow_links)):
        if isinstance(item, Unreadable):
            unreadable.append(item)
            continue
        try:
            known.append(facts_of(Context(item), diagnose_run(item, rules)))
        except LrdoctorError:
            raise
        except Exception as error:
            unreadable.append(defect(item, "could not be compared", error))
        if progress is not None:
            progress(len(known), item.id)
    return known, unreadable


def range_test(
    source: Any,
    *,
    steps: int | None = None,
    config: Config | None = None,
    roles: Mapping[str, str] | None = None,
    follow_links: bool = False,
) -> RangeTestReport:
    """Read a learning-rate range test: its regions, what every finder would suggest, and one rate with an interval.

    Parameters
    ----------
    source
        A pair of arrays ``(rates, losses)`` or a dict of them; a path, a frame, a `Run` or anything else that `read`
        takes, with the rate and the loss of every step; Lightning's learning-rate finder or its ``results``; a fastai
        learner or its recorder; a torch-lr-finder or ignite finder or its history. Losses that such a finder has
        averaged are computed back, where the finder itself is given.
    steps
        Optimizer steps of the training to come: the longer, the lower the rate. None: about 10,000 are meant.
    config, roles, follow_links
        As for `diagnose`.

    Returns
    -------
    A report with ``recommended`` and ``interval``, or ``usable`` False and a ``reason``: a range test that says
    nothing is never turned into a number.

    Raises
    ------
    UsageError
        `source` is of no kind that can be read, or a path that does not exist; rates and losses differ in number.
    ConfigError
        An override names an unknown role, or a tag that no run has.
    """
    from lrdoctor import __version__
    from lrdoctor.answers import RangeTestReport
    from lrdoctor.claiming import Once
    from lrdoctor.readers._finders import ramp_from_object
    from lrdoctor.studies.ramp_runs import range_tests
    from lrdoctor.studies.range_test import judge

    found = ramp_from_object(source)
    if found is not None:
        return RangeTestReport([judge(found.lr, found.loss, steps=steps, notes=found.notes)], (), __version__)
    files = Once(follow_links=follow_links)
    items = list(stream(source, roles=roles, settled=None if config is None else config.roles, files=files))
    unreadable = tuple(item for item in items if isinstance(item, Unreadable))
    runs = [item for item in items if isinstance(item, Run)]
    return RangeTestReport(range_tests(runs, steps), unreadable, __version__)
