"""What the page shows, in the order in which it shows it; the templates only write it down."""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from lrdoctor.cleaning import clean
from lrdoctor.records import Role, Verdict
from lrdoctor.renderers import _words as words
from lrdoctor.renderers._html.snippet import snippets
from lrdoctor.renderers._sparkline import svg
from lrdoctor.wording import figure, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.figures import Figure
    from lrdoctor.records import Diagnosis, Evidence, RunDiagnosis
    from lrdoctor.studies.sweep import Group

_TONES = {Verdict.DIVERGED: "bad", Verdict.UNSTABLE: "bad", Verdict.HEALTHY: "good", Verdict.INCONCLUSIVE: "unsure"}
_MARKS = {"bad": "✗", "good": "✓", "unsure": "?", "warn": "●"}
_COLUMNS_IN_ALL = 14_000
"""Columns that all curves of a page are sampled down to together: what keeps 200 runs below 10 MB."""
_MOST_COLUMNS, _FEWEST_COLUMNS = 400, 40
_SECTIONS = 500
"""Runs, the worst first, that get a section of their own; a browser takes no pleasure in thousands."""
_TAGS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Badge:
    """A verdict with how it looks: told apart by its mark as well as by its colour."""

    verdict: Verdict
    count: int = 0

    @property
    def tone(self) -> str:
        """Class of its colour."""
        return _TONES.get(self.verdict, "warn")

    @property
    def mark(self) -> str:
        """Sign before it."""
        return _MARKS[self.tone]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run; `number` is its place, worst first, and names its section."""

    number: int
    by_name: int
    """Its place in the order of names."""
    said: RunDiagnosis
    figure: Figure | None
    """None where a defect kept it from being drawn: the rest of the report does not suffer from that."""
    detailed: bool = True
    """Whether it has a section of its own, beside its row in the table."""

    @property
    def picture(self) -> Markup:
        """Its figure without script."""
        return _picture(self.figure) if self.figure is not None else Markup("")

    @property
    def sparkline(self) -> Markup:
        """Its leading curve, small."""
        curve = words.leading_curve(self.said) if self.detailed else None
        return Markup(svg(curve, 100, 24) if curve is not None else "")

    @property
    def badge(self) -> Badge:
        """Its verdict."""
        return Badge(self.said.verdict)

    @property
    def rate(self) -> float | None:
        """Peak learning rate; None if unknown."""
        return words.rate_now(self.said.plan)

    @property
    def change(self) -> str:
        """``× 0.18``; ``keep``; ``keep, cosine``; ``?`` where the log cannot tell."""
        plan = self.said.plan
        if not self.tells:
            return "?"
        if not words.keeps_rate(plan):
            return f"× {figure(plan.lr.factor, 2)}"
        return f"keep, {plan.schedule.kind.replace('_', ' ')}" if plan.schedule else "keep"

    @property
    def tells(self) -> bool:
        """Whether the log says enough for advice on the rate."""
        return self.said.verdict is not Verdict.INCONCLUSIVE

    @property
    def keeps(self) -> bool:
        """Whether the peak rate stays."""
        return words.keeps_rate(self.said.plan)

    @property
    def interval(self) -> str:
        """Interval of the advised rate, or of the factor where the rate is unknown."""
        rate, (low, high) = self.rate, self.said.plan.lr.interval
        if rate is None:
            return f"× {figure(low, 2)} to × {figure(high, 2)}"
        return f"{figure(low * rate, 2)} to {figure(high * rate, 2)}"

    @property
    def severity(self) -> int:
        """Of the worst finding, 0 to 3; -1 without one."""
        return max((finding.severity.rank for finding in self.said.findings), default=-1)

    @property
    def treatment(self) -> list[str]:
        """What to change besides the peak rate."""
        return words.treatment(self.said)

    @property
    def setup(self) -> list[tuple[str, str]]:
        """What is known of how it was trained, name and value."""
        known = self.said.run.hyperparameters.items()
        return [(name, _shown(value)) for name, value in known if value is not None]

    @property
    def curves(self) -> list[tuple[str, str, int, str]]:
        """Tag, role, points and reason of the role of each curve."""
        series = list(self.said.run.series.values())[:_TAGS_SHOWN]
        return [(one.tag, str(one.role or "?"), len(one), one.role_reason) for one in series]

    @property
    def curves_left(self) -> int:
        """Curves that are not listed."""
        return max(len(self.said.run.series) - _TAGS_SHOWN, 0)

    @property
    def snippets(self) -> dict[str, Markup]:
        """The plan as code, by framework; as it is, since cleaning would take its lines apart."""
        return {name: escape(code) for name, code in snippets(self.said).items()}

    @property
    def skips(self) -> list[tuple[str, str]]:
        """Why rules could not judge, each reason with the codes of its rules."""
        by_reason: dict[str, list[str]] = {}
        for skip in self.said.skips:
            by_reason.setdefault(skip.reason, []).append(skip.code)
        return [(reason, ", ".join(sorted(codes))) for reason, codes in sorted(by_reason.items())]

    @property
    def haystack(self) -> str:
        """What the filter searches."""
        run, plan = self.said.run, self.said.plan
        found = [f"{finding.code} {finding.name}" for finding in self.said.findings]
        optimizer = str(run.hyperparameters.get("optimizer") or "")
        schedule = plan.schedule.kind if plan.schedule else ""
        return clean(" ".join((run.id, run.format, self.said.verdict, optimizer, schedule, *found)), 600).lower()

    def place(self, evidence: Evidence) -> list[float]:
        """Where a piece of evidence begins and ends on the x axis of the figure."""
        from lrdoctor.figures.course import Course
        from lrdoctor.figures.run import curves_of
        from lrdoctor.roles import primary

        run = self.said.run
        rate = primary(run, Role.LR)
        course = Course.of([*curves_of(run), *([] if rate is None else [rate])])
        places: list[float] = course.place(
            [evidence.span.first_step, evidence.span.last_step], run.series.get(evidence.tag)
        ).tolist()
        return places


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepView:
    """Runs of the same thing that differ in their rate."""

    number: int
    group: Group
    figure: Figure
    places: dict[str, int]
    """Number of each run that has a section, by its id."""

    @property
    def picture(self) -> Markup:
        """Its figure without script."""
        return _picture(self.figure)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """Everything on the page."""

    runs: list[RunView]
    """All of them; those with a section come first."""
    badges: list[Badge]
    sweeps: list[SweepView]
    explanations: dict[str, Any]
    diagnosis: Diagnosis


def view(diagnosis: Diagnosis) -> PageView:
    """Arrange a diagnosis for the page."""
    from lrdoctor.renderers._html.explaining import explanations

    ordered = words.worst_first(diagnosis.runs)
    drawn = min(max(len(ordered), 1), _SECTIONS)
    width = min(max(_COLUMNS_IN_ALL // drawn, _FEWEST_COLUMNS), _MOST_COLUMNS)
    names = sorted(range(len(ordered)), key=lambda place: words.natural(ordered[place].run.id))
    by_name = {place: order for order, place in enumerate(names)}
    runs = [
        RunView(
            number=place + 1, by_name=by_name[place], said=said, detailed=place < drawn,
            figure=_figure(said, width) if place < drawn else None,
        )
        for place, said in enumerate(ordered)
    ]  # fmt: skip
    return PageView(
        runs=runs,
        badges=[Badge(verdict, count) for verdict, count in words.tally(diagnosis.runs).items()],
        sweeps=_sweeps(runs),
        explanations=explanations(finding.code for said in ordered[:drawn] for finding in said.findings),
        diagnosis=diagnosis,
    )


def _figure(said: RunDiagnosis, width: int) -> Figure | None:
    from lrdoctor.figures import run_figure

    try:
        return run_figure(said, width=width)
    except Exception as error:
        message = f"run {said.run.id!r} cannot be drawn: {type(error).__name__}: {error}"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
        return None


def _sweeps(runs: Sequence[RunView]) -> list[SweepView]:
    """The groups in which several rates were tried."""
    from lrdoctor.engine import Context
    from lrdoctor.figures import sweep_figure
    from lrdoctor.studies.facts import facts_of
    from lrdoctor.studies.sweep import study

    groups = study([facts_of(Context(run.said.run), run.said) for run in runs])
    places = {run.said.run.id: run.number for run in runs if run.detailed}
    several = [group for group in groups if len({run.lr for run in group.runs} - {None}) > 1]
    return [
        SweepView(number=number, group=group, figure=sweep_figure(group), places=places)
        for number, group in enumerate(several, 1)
    ]


def _picture(figure: Figure) -> Markup:
    """Drawn as SVG; without style attributes, which the page's policy would refuse and complain about."""
    from lrdoctor.figures.svg import paint

    return Markup(re.sub(r' style="[^"]*"', "", paint(figure)))


def _shown(value: object) -> str:
    return figure(value, 4) if isinstance(value, float) and math.isfinite(value) else clean(str(value), 80)


def sign(comparison: str) -> str:
    """A comparison as one writes it."""
    return {">=": "≥", "<=": "≤"}.get(comparison, comparison)


FILTERS = {"percent": percent, "figure": figure, "sign": sign}
