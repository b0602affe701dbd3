"""What a user holds after a plan or a comparison; it only passes on what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from lrdoctor.records import Unreadable
    from lrdoctor.studies.planning import Search


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
