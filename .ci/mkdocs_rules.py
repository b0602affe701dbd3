"""Put the page of every rule into the navigation, so that a new rule needs no line there."""

from __future__ import annotations

from pathlib import Path


def on_config(config):
    """Expand the entry `rules`."""
    docs = Path(config["docs_dir"])
    pages = sorted(f"rules/{page.name}" for page in (docs / "rules").glob("[A-Z]*[0-9].md"))
    for section in config["nav"]:
        if section == {"Rules": "rules"}:
            section["Rules"] = ["rules/README.md", *pages]
    return config
