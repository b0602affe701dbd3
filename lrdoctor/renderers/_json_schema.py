"""JSON Schema of the report, generated from its types: ``python -m lrdoctor.renderers._json_schema``."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from lrdoctor.renderers import _contract as contract


def schema() -> dict[str, Any]:
    """Build the JSON Schema (2020-12) of version 1."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Report of lrdoctor, {contract.SCHEMA}",
        **msgspec.json.schema(contract.Report),
    }


def text() -> str:
    """The schema as it stands in docs/schema/report-1.json."""
    return msgspec.json.format(msgspec.json.encode(schema(), order="sorted"), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
