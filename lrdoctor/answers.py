"""What a user holds after a plan, a comparison or a range test; it only passes on what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from lrdoctor.records import Unreadable
    from lrdoctor.studies.comparison import Comparison
    from lrdoctor.studies.planning import Search
    from lrdoctor.studies.range_test import RampRegion, RangeTestResult


class PlanReport:
    """The next rates to try: iterating gives a `Search` for each kind of training.

    Parameters
    ----------
    searches
        With their rates, a sample, and how to save time by short runs first.
    unreadable
        What could not be read.
    version
        Version of lrdoctor.
    """

    def __init__(
        self, searches: tuple[Search, ...], unreadable: tuple[Unreadable, ...] = (), version: str = ""
    ) -> None:
        self.searches = searches
        self.unreadable = unreadable
        self.version = version

    def __len__(self) -> int:
        return len(self.searches)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Search]:
        return iter(self.searches)

    def __getitem__(self, position: int) -> Search:
        return self.searches[position]

    def to_json(self) -> str:
        """The plan as `lrdoctor plan --format json` writes it (schema ``lrdoctor.plan/1``)."""
        from lrdoctor.renderers._plan import to_json

        return to_json(self.searches, self.unreadable, self.version)

    def to_frame(self) -> pd.DataFrame:
        """The rates as a pandas DataFrame: ``group``, ``stage``, ``lr``, ``chance`` (NaN: not estimated), ``why``."""
        import pandas as pd

        rows = [
            (number, one.stage, rate.lr, rate.chance, rate.why)
            for number, one in enumerate(self.searches)
            for rate in one.rates
        ]
        return pd.DataFrame(rows, columns=["group", "stage", "lr", "chance", "why"]).astype({"chance": float})

    def to_optuna(self, group: int | None = None, **options: Any) -> Any:
        """An Optuna study of one of the searches, see `lrdoctor.studies.optuna_study.to_optuna`.

        Raises
        ------
        UsageError
            optuna is not installed, there is no rate to try, or there are several searches and `group` does not say
            which one (counted from 0).
        """
        from lrdoctor.errors import UsageError
        from lrdoctor.studies.optuna_study import to_optuna

        open_ones = [number for number, one in enumerate(self.searches) if one.rates]
        if group is None and len(open_ones) > 1:
            raise UsageError(f"{len(open_ones)} groups have rates to try, and a study holds one: name fewer logs")
        if not self.searches:
            raise UsageError("there is no run to plan from")
        return to_optuna(self.searches[(open_ones or [0])[0] if group is None else group], **options)

    def __repr__(self) -> str:
        from lrdoctor.renderers._base import Options
        from lrdoctor.renderers._lines import paint
        from lrdoctor.renderers._plan import to_lines

        return "".join(paint(to_lines(self.searches), Options())).rstrip("\n")


class CompareReport:
    """Runs held against earlier ones: iterating gives a `Comparison` for each pair.

    Parameters
    ----------
    pairs
        Runs of the same id, or the one (or best) run of either side.
    unmatched
        Ids of runs that were not held against any.
    counts
        How many runs either side had.
    unreadable
        What could not be read.
    version
        Version of lrdoctor.
    """

    def __init__(
        self,
        pairs: tuple[Comparison, ...],
        unmatched: tuple[str, ...] = (),
        counts: tuple[int, int] = (0, 0),
        unreadable: tuple[Unreadable, ...] = (),
        version: str = "",
    ) -> None:
        self.pairs = pairs
        self.unmatched = unmatched
        self.counts = counts
        self.unreadable = unreadable
        self.version = version

    def __len__(self) -> int:
        return len(self.pairs)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Comparison]:
        return iter(self.pairs)

    def __getitem__(self, position: int) -> Comparison:
        return self.pairs[position]

    def to_json(self) -> str:
        """The comparison as `lrdoctor compare --format json` writes it (schema ``lrdoctor.compare/1``)."""
        from lrdoctor.renderers._compare import to_json

        return to_json(self.pairs, self.unmatched, self.unreadable, self.version)

    def __repr__(self) -> str:
        from lrdoctor.renderers._base import Options
        from lrdoctor.renderers._compare_lines import to_lines
        from lrdoctor.renderers._lines import paint

        return "".join(paint(to_lines(self.pairs, self.unmatched), Options())).rstrip("\n")


class RangeTestReport:
    """What a range test says; where logs hold several, iterating gives each, and the first usable one leads.

    Parameters
    ----------
    tests
        None where there was no log.
    unreadable
        What could not be read.
    version
        Version of lrdoctor.

    Attributes
    ----------
    tests
        tuple of `studies.range_test.RangeTestResult`, the leading one first; `result` is that one, with the arrays
        ``lr``, ``loss`` and ``smoothed``.
    """

    def __init__(
        self, tests: Sequence[RangeTestResult], unreadable: tuple[Unreadable, ...] = (), version: str = ""
    ) -> None:
        self.tests = tuple(sorted(tests, key=lambda test: not test.usable))
        self.unreadable = unreadable
        self.version = version

    @property
    def result(self) -> RangeTestResult:
        """The leading range test."""
        from lrdoctor.studies.range_test import RangeTestResult

        if self.tests:
            return self.tests[0]
        lost = next(iter(self.unreadable), None)
        why = "No training log was found." if lost is None else f"{lost.source}: {lost.error}."
        return RangeTestResult(cause="no-ramp", reason=why)

    @property
    def usable(self) -> bool:
        """Whether it recommends a rate."""
        return self.result.usable

    @property
    def reason(self) -> str | None:
        """Why it does not, and what to do; None if it does."""
        return self.result.reason

    @property
    def recommended(self) -> float | None:
        """The rate to take; None if unusable."""
        return self.result.recommended

    @property
    def interval(self) -> tuple[float, float] | None:
        """Holds the best rate in 80 % of the cases; None if unusable."""
        return self.result.interval

    @property
    def suggestions(self) -> Mapping[str, float | None]:
        """What learning-rate finders would suggest, by name; None where a formula has no answer."""
        return self.result.suggestions

    @property
    def regions(self) -> tuple[RampRegion, ...]:
        """Flat, descent, minimum, ascent, explosion, as far as they occur."""
        return self.result.regions

    def __len__(self) -> int:
        return len(self.tests)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[RangeTestResult]:
        return iter(self.tests)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the loss against the rate, its regions, what finders suggest, and the rate to take.

        Parameters
        ----------
        ax
            matplotlib axes to draw into. None: a new figure of pyplot's.
        """
        from lrdoctor.figures import mpl, range_test_figure

        return mpl.show(range_test_figure(self.result), ax)

    def to_json(self) -> str:
        """The answer as `lrdoctor range-test --format json` writes it (schema ``lrdoctor.range-test/1``)."""
        from lrdoctor.renderers._range_test import to_json

        return to_json(self.tests or (self.result,), self.unreadable, self.version)

    def __repr__(self) -> str:
        from lrdoctor.renderers._base import Options
        from lrdoctor.renderers._lines import paint
        from lrdoctor.renderers._range_test import to_lines

        return "".join(paint(to_lines(self.tests or (self.result,)), Options())).rstrip("\n")

    def _repr_html_(self) -> str:
        from lrdoctor.renderers._range_test import html

        return html(self.tests or (self.result,))
