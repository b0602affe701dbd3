"""The harness of the fuzzer for the ordinary tests: a folder that is watched."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def loaded(name):
    """A module of this folder, which is no package."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def harness():
    return loaded("harness")


@pytest.fixture(scope="session")
def mutations():
    return loaded("mutations")


@pytest.fixture(scope="session")
def every_seed(harness):
    return sorted(loaded("seeds").seeds(), key=len)


@pytest.fixture(scope="session")
def seeds(every_seed):
    """Three inputs for each place, from short to long."""
    found: dict[int, list[bytes]] = {}
    for seed in every_seed:
        found.setdefault(seed[0], []).append(seed)
    return [some[number] for some in found.values() for number in sorted({0, len(some) // 2, len(some) - 1})]


@pytest.fixture(scope="session")
def watch(harness, seeds, tmp_path_factory):
    """Hears of what readers do in its folder; what is imported late has been imported."""
    watch = harness.Watch(tmp_path_factory.mktemp("fuzz").resolve())
    for seed in seeds:
        harness.examine(seed, watch)
    return watch
