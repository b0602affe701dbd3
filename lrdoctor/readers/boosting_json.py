"""XGBoost's and LightGBM's `evals_result` saved as JSON: `{"train": {"logloss": [...]}, "valid": {...}}`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lrdoctor.errors import NotALogError
from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._records import load_json, table_from_lists
from lrdoctor.readers._table import runs_from_table
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

_SHAPE = pattern(
    rb'\s*\{\s*"(?P<set>train\w*|learn|valid\w*|eval\w*|test\w*|dev\w*)"\s*:\s*\{\s*"(?P<metric>[\w@:.-]{1,40})"\s*:\s*\[\s*-?[\dN.]'
)
_LOSSES = pattern(
    r"(?:\w+_)?logloss|m?logloss|binary_\w+|multi_logloss|cross_?entropy|rmsle|rmse|mae|mse|l1|l2|mape|huber|fair|poisson\w*"
    r"|gamma\w*|tweedie\w*|quantile|error|merror|\w*-nloglik|\w*-deviance|loss",
    re.IGNORECASE,
)
_ERRORS = pattern(r"m?error(?:@.*)?|multi_error|binary_error", re.IGNORECASE)


class BoostingReader:
    """Reads the evaluation history of gradient boosting; the step is the boosting round."""

    name = "boosting-evals"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim a JSON object of data sets, each an object of lists."""
        if file.suffix != ".json" or not _SHAPE.match(file.head):
            return None
        return Claim(strength=Strength.SHAPE)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        file = source.files[0]
        content = load_json(file.path)
        found = table_from_lists(content) if isinstance(content, dict) else None
        if found is None or not isinstance(content, dict):
            raise NotALogError(file.path, "no lists of numbers by data set")
        # With "validation_0" and "validation_1" scikit-learn's interface means the order that the user gave.
        roles = {name: role for name in found[0].columns if (role := _role(name)) is not None}
        yield from runs_from_table(
            found[0], source=str(file.path), format_name=self.name, roles=roles, blank_may_be_nan=False
        )


def _role(name: str) -> tuple[Role, str] | None:
    data, _, metric = name.partition("/")
    if re.fullmatch(r"validation_\d+", data):
        return None
    training = data.startswith(("train", "learn"))
    where = "training" if training else "held-out"
    if _ERRORS.fullmatch(metric):
        return Role.TRAIN_ERROR if training else Role.VAL_ERROR, f"boosting: share of errors on {where} data"
    if _LOSSES.fullmatch(metric):
        return Role.TRAIN_LOSS if training else Role.VAL_LOSS, f"boosting: loss on {where} data"
    return None


READER = BoostingReader()
