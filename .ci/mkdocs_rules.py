"""Put the page of every rule into the navigation, so that a new rule needs no line there."""

from __future__ import annotations

from pathlib import Path


def on_config(config):
    """Expand the entry `rules`."""
    docs = Path(config["docs_dir"])
    pages = [{_title(page): f"rules/{page.name}"} for page in sorted((docs / "rules").glob("[A-Z]*[0-9].md"))]
    for section in config["nav"]:
        if section == {"Rules": "rules"}:
            section["Rules"] = [{"All rules": "rules/README.md"}, *pages]
    return config


def _title(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("# ")).removeprefix("# ")
