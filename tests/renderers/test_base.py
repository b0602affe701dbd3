"""What every renderer has to be."""

from __future__ import annotations

import pytest

from lrdoctor.records import Diagnosis
from lrdoctor.registry import discover
from lrdoctor.renderers._base import Options

RENDERERS = discover("lrdoctor.renderers", "RENDERER")


@pytest.mark.parametrize("name", RENDERERS)
def test_a_renderer_is_called_what_its_module_is(name):
    assert RENDERERS[name].name == name
    assert RENDERERS[name].suffix.startswith(".")


@pytest.mark.parametrize("name", RENDERERS)
def test_a_renderer_takes_anything_and_gives_text(name, diagnosis, hostile):
    for case in (diagnosis, hostile, Diagnosis(runs=())):
        for options in (
            Options(),
            Options(verbosity=1),
            Options(verbosity=-1),
            Options(width=80, color=True),
        ):
            text = "".join(RENDERERS[name].render(case, options))
            text.encode()
            assert "\x1b[31mboo" not in text
            assert "\u202e" not in text or name.startswith("json")
