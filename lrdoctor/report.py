"""What a user holds after a diagnosis; it only passes on what the diagnosis says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import pandas as pd

    from lrdoctor.records import Diagnosis, Finding, RunDiagnosis, Unreadable
    from lrdoctor.studies.sweep import Group


class Report:
    """A diagnosis of one or more runs.

    Iterating gives a `RunDiagnosis` per run (with `run`, `verdict`, `findings`, `plan`); ``report["run id"]``
    and ``report[0]`` give one of them. In a notebook a report shows itself as a table.

    Parameters
    ----------
    diagnosis
        What was said.
    """

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis

    @property
    def runs(self) -> tuple[RunDiagnosis, ...]:
        """What was said about each run, in the order in which they were read."""
        return self.diagnosis.runs

    @property
    def findings(self) -> list[Finding]:
        """The findings of all runs."""
        return [finding for said in self.runs for finding in said.findings]

    def __len__(self) -> int:
        return len(self.runs)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[RunDiagnosis]:
        return iter(self.runs)

    def __contains__(self, run_id: object) -> bool:
        return any(said.run.id == run_id for said in self.runs)

    def __getitem__(self, key: str | int) -> RunDiagnosis:
        """One run, by its id or by its place.

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
        from lrdoctor.config import suggestion

        raise KeyError(f"no run {key!r}{suggestion(key, [said.run.id for said in self.runs])}")

    def to_json(self) -> str:
        """The report as `lrdoctor diagnose --format json` writes it (schema ``lrdoctor.report/1``)."""
        return self._render("json")

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

    def to_json(self) -> str:
        """The answer as `lrdoctor sweep --format json` writes it (schema ``lrdoctor.sweep/1``)."""
        from lrdoctor.renderers._sweep import to_json

        return to_json(self.groups, self.unreadable, self.version)

    def __repr__(self) -> str:
        from lrdoctor.renderers._base import Options
        from lrdoctor.renderers._lines import paint
        from lrdoctor.renderers._sweep import to_lines

        return "".join(paint(to_lines(self.groups), Options())).rstrip("\n")
