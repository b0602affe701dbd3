"""The plug-in as TensorBoard uses it: constructed with a context, asked for routes, requested."""

from __future__ import annotations

import json
import time
from importlib.metadata import entry_points

import pytest
from tensorboard.plugins.base_plugin import TBContext
from werkzeug.test import Client
from werkzeug.wrappers import Response

from lrdoctor.integrations.tensorboard.plugin import LRDoctorPlugin


@pytest.fixture
def plugin(logdir):
    return LRDoctorPlugin(TBContext(logdir=str(logdir)))


def get(plugin, route, path=None):
    return Client(plugin.get_plugin_apps()[route], Response).get(path or route)


def finished(plugin, version=1):
    """The status when a report is there."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        status = json.loads(get(plugin, "/status").data)
        if status["version"] >= version:
            return status
        time.sleep(0.05)
    raise AssertionError(f"no report within a minute: {status}")


def test_what_tensorboard_is_told(plugin):
    assert plugin.plugin_name == "lrdoctor"
    assert plugin.is_active() is True
    metadata = plugin.frontend_metadata()
    assert (metadata.tab_name, metadata.es_module_path) == ("LR Doctor", "/index.js")
    assert metadata.es_module_path in plugin.get_plugin_apps()


def test_it_is_found_by_its_entry_point():
    points = [point for point in entry_points(group="tensorboard_plugins") if point.name == "lrdoctor"]
    if not points:
        pytest.skip("lrdoctor runs from a checkout, without having been installed")
    assert points[0].load() is LRDoctorPlugin


def test_nowhere_to_look():
    plugin = LRDoctorPlugin(TBContext())
    assert plugin.is_active() is False


def test_a_report_comes_in_the_background(plugin):
    first = json.loads(get(plugin, "/status").data)
    assert (first["version"], first["busy"]) == (0, True)
    assert finished(plugin)["runs"] == 2
    body = get(plugin, "/body").get_data(as_text=True)
    assert 'data-verdict="lr-too-high"' in body
    assert "swinging" in body
    assert "<script>" not in body
    report = json.loads(get(plugin, "/report").data)
    assert sorted(run["id"] for run in report["runs"]) == ["fine", "swinging"]


def test_it_serves_what_the_page_needs_and_nothing_else(plugin, logdir):
    apps = plugin.get_plugin_apps()
    listed = json.loads(get(plugin, "/assets").data)
    for name in (*listed["styles"], *listed["scripts"]):
        response = get(plugin, f"/assets/{name}")
        assert response.status_code == 200
        assert response.mimetype == ("text/css" if name.endswith(".css") else "text/javascript")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "export async function render" in get(plugin, "/index.js").get_data(as_text=True)
    assert not any("*" in route for route in apps)  # TensorBoard would hand on whatever path follows
    secret = next(logdir.rglob("events.out*")).read_bytes()
    for route in apps:
        assert get(plugin, route, f"{route}/../../{logdir.name}?path=/etc/passwd").data != secret


def test_names_from_logs_are_escaped(logdir, append, plugin):
    append("<img src=x onerror=alert(1)>", [1.0, 0.5, 0.2] * 30, tag="<b>loss</b>")
    finished(plugin)
    body = get(plugin, "/body").get_data(as_text=True)
    assert "&lt;img src=x onerror=alert(1)&gt;" in body
    assert "<img" not in body
    assert "<b>loss" not in body
