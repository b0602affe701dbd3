"""The plug-in: TensorBoard finds it by its entry point, and asks it for routes.

It serves the report page's own styles and scripts, from memory and under its own route, and never a file by its path.
"""

from __future__ import annotations

from functools import partial
from importlib import resources
from typing import TYPE_CHECKING, Any

from tensorboard.backend import http_util
from tensorboard.plugins import base_plugin
from werkzeug import wrappers

from lrdoctor.integrations.tensorboard.sources import source_of
from lrdoctor.integrations.tensorboard.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_INKS = "inks.css"
_KINDS = {"js": "text/javascript", "css": "text/css"}


class LRDoctorPlugin(base_plugin.TBPlugin):  # type: ignore[misc]
    """The tab "LR Doctor"."""

    plugin_name = "lrdoctor"

    def __init__(self, context: Any) -> None:
        self._source = source_of(context)
        self._worker = Worker(self._source) if self._source is not None else None

    def is_active(self) -> bool:
        """Answer at once, whatever there is to read: whether there is anywhere to look at all."""
        return self._worker is not None

    def frontend_metadata(self) -> Any:
        """Name of the tab, and the script that fills it."""
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="LR Doctor", disable_reload=True)

    def data_plugin_names(self) -> tuple[str, ...]:
        """Whose data is read where the logs are not on this machine."""
        return ("scalars",)

    def get_plugin_apps(self) -> dict[str, Application]:
        """What answers under which route."""
        from lrdoctor.renderers._html.page import SCRIPTS, STYLES, asset, inks

        index = resources.files(__package__).joinpath("assets", "index.js").read_text(encoding="utf-8")
        apps = {
            "/index.js": _answering(partial(_text, index, "js")),
            "/assets": _answering(partial(_json, {"styles": [*STYLES, _INKS], "scripts": SCRIPTS})),
            "/status": _answering(self._status),
            "/body": _answering(self._body),
            "/report": _answering(self._report),
        }
        texts = {**{name: asset(name) for name in (*STYLES, *SCRIPTS)}, _INKS: inks()}
        for name, text in texts.items():
            apps[f"/assets/{name}"] = _answering(partial(_text, text, name.rpartition(".")[2]))
        return apps

    def _status(self, request: wrappers.Request) -> Any:
        """How far the work is; asking is what makes it go on."""
        assert self._worker is not None
        return _json(self._worker.poll(), request)

    def _body(self, request: wrappers.Request) -> Any:
        """The body of the latest report."""
        assert self._worker is not None
        return http_util.Respond(request, self._worker.latest.body, "text/html")

    def _report(self, request: wrappers.Request) -> Any:
        """The latest report as JSON."""
        assert self._worker is not None
        return _json(self._worker.latest.report, request)


def _answering(answer: Callable[[wrappers.Request], Any]) -> Application:
    application: Application = wrappers.Request.application(answer)
    return application


def _text(text: str, kind: str, request: wrappers.Request) -> Any:
    return http_util.Respond(request, text, _KINDS[kind])


def _json(value: Any, request: wrappers.Request) -> Any:
    return http_util.Respond(request, value, "application/json")
