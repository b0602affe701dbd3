"""Where runs come from: a directory of this machine, or what TensorBoard hands out."""

from __future__ import annotations

import numpy as np
import pytest
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins.base_plugin import TBContext

import lrdoctor as lrd
from lrdoctor.integrations.tensorboard.sources import Directory, Provider, source_of


@pytest.fixture
def provider(logdir):
    """TensorBoard's own, as it serves a directory."""
    multiplexer = EventMultiplexer(size_guidance={"tensors": 1000}).AddRunsFromDirectory(str(logdir))
    multiplexer.Reload()
    return MultiplexerDataProvider(multiplexer, str(logdir))


@pytest.mark.parametrize("there", ["gs://bucket/logs", "a:/logs/a,b:/logs/b", "", None])
def test_the_provider_where_the_directory_is_elsewhere(there):
    provider = object()
    assert isinstance(source_of(TBContext(logdir=there, data_provider=provider)), Provider)
    assert source_of(TBContext(logdir=there)) is None


def test_a_directory_here_or_yet_to_come(logdir):
    there = source_of(TBContext(logdir=str(logdir), data_provider=object()))
    assert isinstance(there, Directory)
    assert (there.logs(), there.note) == (logdir, "")
    odd = logdir / "a,b:c"
    odd.mkdir()
    assert isinstance(source_of(TBContext(logdir=str(odd))), Directory)
    later = source_of(TBContext(logdir=str(logdir / "later")))
    assert later.logs() == []
    before = later.state()
    (logdir / "later").mkdir()
    (logdir / "later" / "metrics.csv").write_text("step,loss\n")
    assert later.state() != before


def test_a_directory_changes_when_a_file_grows(logdir):
    source = Directory(logdir)
    before = source.state()
    assert source.state() == before
    with (logdir / "fine" / "notes.txt").open("w") as stream:
        stream.write("more")
    assert source.state() != before


def test_runs_from_the_provider_are_those_of_the_files(logdir, provider):
    source = Provider(provider)
    assert "1,000 points" in source.note
    runs = {run.id: run for run in source.logs()}
    files = {run.id: run for run in lrd.read(logdir)}
    assert runs.keys() == files.keys() == {"fine", "swinging"}
    for name, run in runs.items():
        for tag, series in files[name].series.items():
            np.testing.assert_array_equal(run.series[tag].step, series.step)
            np.testing.assert_allclose(run.series[tag].value, series.value, rtol=1e-6)
            assert run.series[tag].wall_time is not None
    verdicts = {said.run.id: said.verdict for said in lrd.diagnose(list(runs.values()))}
    assert verdicts["swinging"] == "lr-too-high"


def test_the_provider_changes_when_something_was_logged(provider, append):
    source = Provider(provider)
    before = source.state()
    assert source.state() == before
    append("more", [1.0, 0.9])
    provider._multiplexer.AddRunsFromDirectory(str(provider._logdir))
    provider._multiplexer.Reload()
    assert source.state() != before
