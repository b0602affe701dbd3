"""Whatever a log holds, every curve gets a role and a reason, twice the same, without a warning."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lrdoctor.records import Role, Run, Series
from lrdoctor.roles import assign_roles, primary, primary_reason, reading, words
from lrdoctor.roles.vocabulary import vocabulary

WORDS = sorted(word for word in vocabulary().known if word.isascii())
TAG = st.one_of(
    st.text(min_size=1, max_size=20),
    st.lists(st.sampled_from([*WORDS, "0", "12", "zorglub"]), min_size=1, max_size=4).map("_".join),
    st.lists(
        st.sampled_from(["train", "val", "loss", "d", "g", "lr", "reward", "box", "cls", "step"]),
        min_size=1,
        max_size=4,
    ).map("/".join),
)
VALUES = arrays(np.float64, st.sampled_from([1, 2, 6, 6, 6, 20]), elements=st.floats(width=64))
KNOWN = st.sampled_from([None, None, None, *Role])


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(TAG, st.tuples(VALUES, st.integers(1, 3), KNOWN), max_size=8))
def test_any_run(curves: dict[str, tuple[np.ndarray, int, Role | None]]) -> None:
    series = {
        tag: Series(tag=tag, step=np.arange(value.size, dtype=np.int64) * every, value=value, role=role)
        for tag, (value, every, role) in curves.items()
    }
    run = Run(id="", source="log", format="test", series=series)
    done, again = assign_roles(run), assign_roles(run)
    for tag, one in done.series.items():
        assert one.role is not None
        assert one.role_reason
        assert (one.role, one.role_reason) == (again.series[tag].role, again.series[tag].role_reason)
        assert one.value is series[tag].value
    for role in Role:
        found = primary(done, role)
        assert primary_reason(done, role)
        assert found is None or (found.role is role and len(found) > 0)


@pytest.mark.parametrize("module", [reading, words], ids=["reading", "words"])
def test_the_examples_in_the_documentation(module: object) -> None:
    outcome = doctest.testmod(module)  # type: ignore[arg-type]
    assert outcome.attempted
    assert not outcome.failed
