"""What a user holds after a diagnosis; it only passes on what the diagnosis says."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from lrdoctor.errors import UsageError
from lrdoctor.records import Diagnosis, RunDiagnosis

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import pandas as pd
    from matplotlib.axes import Axes

    from lrdoctor.records import Finding, Unreadable
    from lrdoctor.studies.sweep import Group


class RunReport(RunDiagnosis):
    """What was said about one run, which can also be drawn; in a notebook it shows itself with its curves."""

    __slots__ = ()

    @classmethod
    def of(cls, said: RunDiagnosis) -> RunReport:
        """The same, as a user holds it."""
        return cls(**{field.name: getattr(said, field.name) for field in fields(said)})

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the loss with what was found in it, and below it the learning rate with what is advised.

        Parameters
        ----------
        ax
            matplotlib axes to draw into; room for the learning rate is taken from them. None: a new figure of pyplot's.

        Returns
        -------
        The axes of the loss.
        """
        from lrdoctor.figures import mpl, run_figure

        return mpl.show(run_figure(self), ax)

    def to_frame(self) -> pd.DataFrame:
        """Every point of every curve, one row each: see `Run.to_frame`."""
        return self.run.to_frame()

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        return Report(Diagnosis(runs=(self,)))._repr_mimebundle_(include, exclude)


class Report:
    """A diagnosis of one or more runs.

    Iterating gives a `RunReport` per run (with `run`, `verdict`, `findings`, `plan`); ``report["run id"]``
    and ``report[0]`` give one of them. In a notebook a report shows itself as a table.

    Parameters
    ----------
    diagnosis
        What was said.
    """

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        self.runs = tuple(map(RunReport.of, diagnosis.runs))
        """What was said about each run, in the order in which they were read."""

    @property
    def findings(self) -> list[Finding]:
        """The findings of all runs."""
        return [finding for said in self.runs for finding in said.findings]

    def __len__(self) -> int:
        return len(self.runs)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[RunReport]:
        return iter(self.runs)

    def __contains__(self, run_id: object) -> bool:
        return any(said.run.id == run_id for said in self.runs)

    def __getitem__(self, key: str | int) -> RunReport:
        """One run, by its id, by a part of it that no other run has (whole names of directories), or by its place.

        Raises
        ------
        KeyError
            There is no run of that id; the message names the ids that come close.
        IndexError
            There are fewer runs.
        """
        if isinstance(key, int):
            return self.runs[key]
        for said in self.runs:
            if said.run.id == key:
                return said
        for fits in (str.endswith, str.__contains__):
            matching = [said for said in self.runs if fits(f"/{said.run.id}/", f"/{key}/")]
            if len(matching) == 1:
                return matching[0]
        from lrdoctor.config import suggestion

        raise KeyError(f"no run {key!r}{suggestion(key, [said.run.id for said in self.runs])}")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the run as `RunReport.plot` does; of several runs, the losses over one another, by verdict.

        Parameters
        ----------
        ax
            matplotlib axes to draw into. None: a new figure of pyplot's.

        Returns
        -------
        The axes of the loss.

        Raises
        ------
        UsageError
            There is no run.
        """
        from lrdoctor.figures import mpl, overview_figure

        if not self.runs:
            raise UsageError("no run was read, so there is nothing to draw")
        return self.runs[0].plot(ax) if len(self.runs) == 1 else mpl.show(overview_figure(self.runs), ax)

    def to_json(self) -> str:
        """The report as `lrdoctor diagnose --format json` writes it (schema ``lrdoctor.report/1``)."""
        return self._render("json")

    def to_html(self) -> str:
        """The report as one web page that needs no network, as `lrdoctor diagnose --format html` writes it."""
        return self._render("html")

    def to_frame(self) -> pd.DataFrame:
        """The report as a pandas DataFrame with one row per run.

        Returns
        -------
        Columns ``id``, ``verdict``, ``confidence``, ``lr`` (peak rate of this run, NaN if unknown),
        ``factor``, ``low``, ``high`` (its interval), ``advised_lr`` (NaN if unknown), ``schedule``,
        ``clip_norm``, ``findings`` (codes, comma-separated) and ``reason``.
        """
        import pandas as pd

        from lrdoctor.renderers._words import rate_now

        columns: dict[str, list[Any]] = {
            "id": [said.run.id for said in self.runs],
            "verdict": [str(said.verdict) for said in self.runs],
            "confidence": [said.plan.confidence for said in self.runs],
            "lr": [rate_now(said.plan) for said in self.runs],
            "factor": [said.plan.lr.factor for said in self.runs],
            "low": [said.plan.lr.interval[0] for said in self.runs],
            "high": [said.plan.lr.interval[1] for said in self.runs],
            "advised_lr": [said.plan.lr.value for said in self.runs],
            "schedule": [said.plan.schedule.kind if said.plan.schedule else None for said in self.runs],
            "clip_norm": [said.plan.clip_norm for said in self.runs],
            "findings": [",".join(finding.code for finding in said.findings) for said in self.runs],
            "reason": [said.plan.reason for said in self.runs],
        }
        numbers = ("confidence", "lr", "factor", "low", "high", "advised_lr", "clip_norm")
        return pd.DataFrame(columns).astype(dict.fromkeys(numbers, float))

    def __repr__(self) -> str:
        return self._render("text").rstrip("\n")

    def _repr_html_(self) -> str:
        from lrdoctor.renderers._notebook import html

        return html(self.diagnosis)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """Text and HTML, for IPython to choose from."""
        bundle = {"text/plain": repr(self), "text/html": self._repr_html_()}
        return {
            kind: data
            for kind, data in bundle.items()
            if (not include or kind in include) and not (exclude and kind in exclude)
        }

    def _render(self, name: str) -> str:
        from lrdoctor.registry import discover
        from lrdoctor.renderers._base import Options

        return "".join(discover("lrdoctor.renderers", "RENDERER")[name].render(self.diagnosis, Options()))


class SweepReport:
    """What several runs say together: iterating gives a `Group` per kind of training, best run first in each.

    Parameters
    ----------
    groups
        Runs of the same thing, ranked, with the rate to try next.
    unreadable
        What could not be read.
    version
        Version of lrdoctor.
    """

    def __init__(self, groups: tuple[Group, ...], unreadable: tuple[Unreadable, ...] = (), version: str = "") -> None:
        self.groups = groups
        self.unreadable = unreadable
        self.version = version

    def __len__(self) -> int:
        return len(self.groups)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Group]:
        return iter(self.groups)

    def __getitem__(self, position: int) -> Group:
        return self.groups[position]

    def plot(self, ax: Axes | None = None, *, group: int = 0) -> Axes:
        """Draw where the runs of a group ended against their learning rates, and the rate to try next.

        Parameters
        ----------
        ax
            matplotlib axes to draw into. None: a new figure of pyplot's.
        group
            Which group, by its position.

        Raises
        ------
        UsageError
            There is no run.
        """
        from lrdoctor.figures import mpl, sweep_figure

        if not self.groups:
            raise UsageError("no run was read, so there is nothing to draw")
        return mpl.show(sweep_figure(self.groups[group]), ax)

    def to_frame(self) -> pd.DataFrame:
        """The runs as a pandas DataFrame, best first in each group.

        Returns
        -------
        Columns ``group`` (its position), ``id``, ``lr`` and ``level`` (NaN if unknown), ``state``, ``verdict``.
        """
        import pandas as pd

        rows = [(number, run) for number, group in enumerate(self.groups) for run in group.runs]
        columns: dict[str, list[Any]] = {
            "group": [number for number, _ in rows],
            "id": [run.id for _, run in rows],
            "lr": [run.lr for _, run in rows],
            "level": [run.level for _, run in rows],
            "state": [run.state for _, run in rows],
            "verdict": [str(run.facts.said.verdict) for _, run in rows],
        }
        return pd.DataFrame(columns).astype({"lr": float, "level": float})

    def to_json(self) -> str:
        """The answer as `lrdoctor sweep --format json` writes it (schema ``lrdoctor.sweep/1``)."""
        from lrdoctor.renderers._sweep import to_json

        return to_json(self.groups, self.unreadable, self.version)

    def __repr__(self) -> str:
        from lrdoctor.renderers._base import Options
        from lrdoctor.renderers._lines import paint
        from lrdoctor.renderers._sweep import to_lines

        return "".join(paint(to_lines(self.groups), Options())).rstrip("\n")

    def _repr_html_(self) -> str:
        from lrdoctor.renderers._notebook import sweep_html

        return sweep_html(self.groups)
