"""The report as JSON lines: one run object of the contract per line, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lrdoctor.cleaning import json_text
from lrdoctor.renderers.json import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Diagnosis
    from lrdoctor.renderers._base import Options


class JsonLinesRenderer:
    """Renders one line per run."""

    name = "jsonl"
    suffix = ".jsonl"

    def render(self, diagnosis: Diagnosis, options: Options) -> Iterator[str]:
        """Yield the lines."""
        for said in diagnosis.runs:
            yield json_text(msgspec.json.encode(run(said))) + "\n"


RENDERER = JsonLinesRenderer()
