"""What the tests of monitors hold against each other."""

import msgspec
import pytest

from lrdoctor.renderers.json import run


@pytest.fixture
def alike():
    """Whether two diagnoses say the same; where a run was read from does not count, nor why a curve has its role."""

    def content(said):
        everything = msgspec.to_builtins(run(said))
        return {key: everything[key] for key in ("verdict", "findings", "plan", "skips", "series", "hyperparameters")}

    return lambda one, other: content(one) == content(other)
