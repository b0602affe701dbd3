"""Google's buckets and Hugging Face's data sets: the real clients, and servers on loopback that answer like theirs.

The servers below know of each interface what a reader of files needs: listing, looking up, and fetching, by ranges as
well. They show that the clients' names, times and errors are understood; not what a service may do otherwise.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pytest

import lrdoctor
from lrdoctor.errors import UsageError

fsspec = pytest.importorskip("fsspec", reason="needs fsspec, of the extra lrdoctor[remote]")


def log(seed: int, rows: int) -> bytes:
    rng = np.random.default_rng(seed)
    loss = 0.3 + 2.0 / (1 + np.arange(rows)) ** 0.7 + 0.05 * rng.standard_normal(rows)
    lines = [f"{step * 10},{value:.6g},{1e-3}" for step, value in enumerate(loss)]
    return "\n".join(["step,train_loss,lr", *lines]).encode() + b"\n"


FILES = {
    "sweep/run_0/metrics.csv": log(0, 60),
    "sweep/run 1 (50%)/metrics.csv": log(1, 60),
    "sweep/long/metrics.csv": log(2, 20_000),
    "sweep/broken/metrics.csv": b"",
    "other/metrics.csv": log(3, 60),
}


class Server(BaseHTTPRequestHandler):
    """What both have in common: JSON, bytes, and ranges of them."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]] = []

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.asked.append(self.path)
        self.answer(unquote(url.path), {name: values[0] for name, values in parse_qs(url.query).items()})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer(unquote(urlsplit(self.path).path), json.loads(body or b"{}"))

    def answer(self, path: str, wishes: dict[str, str]) -> None:
        raise NotImplementedError

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_json(self, value: object, status: int = 200, **headers: str) -> None:
        self.send(status, json.dumps(value).encode(), Content_Type="application/json", **headers)

    def send_file(self, content: bytes, **headers: str) -> None:
        wanted = self.headers.get("Range")
        if wanted is None:
            self.send(200, content, Accept_Ranges="bytes", **headers)
            return
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        begin, end = int(first), min(int(last or len(content)), len(content) - 1)
        where = f"bytes {begin}-{end}/{len(content)}"
        self.send(206, content[begin : end + 1], Content_Range=where, **headers)


class Google(Server):
    """The JSON interface of Cloud Storage: https://cloud.google.com/storage/docs/json_api."""

    def answer(self, path: str, wishes: dict[str, str]) -> None:
        name = path.partition("/b/logs/o")[2].lstrip("/")
        if "/b/logs/o" not in path:
            self.send_json({"kind": "storage#bucket", "name": "logs"} if path.endswith("/b/logs") else {}, 200)
        elif not name:
            self.send_json(self.listing(wishes.get("prefix", ""), wishes.get("delimiter", "")))
        elif name not in FILES:
            self.send_json({"error": {"code": 404, "message": f"No such object: logs/{name}"}}, 404)
        elif wishes.get("alt") == "media":
            self.send_file(FILES[name])
        else:
            self.send_json(self.item(name))

    def item(self, name: str) -> dict[str, str]:
        return {
            "kind": "storage#object", "name": name, "bucket": "logs", "size": str(len(FILES[name])),
            "updated": "2026-05-01T12:00:00.250Z", "timeCreated": "2026-05-01T12:00:00.250Z", "generation": "1",
        }  # fmt: skip

    def listing(self, prefix: str, delimiter: str) -> dict[str, object]:
        names = [name for name in FILES if name.startswith(prefix)]
        rest = {name: name[len(prefix) :].partition(delimiter) for name in names} if delimiter else {}
        folders = sorted({prefix + part[0] + part[1] for part in rest.values() if part[1]})
        alone = [name for name in names if not delimiter or not rest[name][1]]
        return {"kind": "storage#objects", "items": [self.item(name) for name in alone], "prefixes": folders}


class Face(Server):
    """The hub's interface for a data set: https://huggingface.co/docs/hub/api."""

    commit = "0123456789abcdef0123456789abcdef01234567"

    def answer(self, path: str, wishes: dict[str, str]) -> None:
        if path.startswith("/api/datasets/me/logs/tree/"):
            folder = path.removeprefix("/api/datasets/me/logs/tree/").partition("/")[2]
            entries = self.below(folder, everything=wishes.get("recursive", "").lower() == "true")
            if entries:
                self.send_json(entries)
            else:
                self.send_json({"error": "no such entry"}, 404, X_Error_Code="EntryNotFound")
        elif path.startswith("/api/datasets/me/logs/paths-info/"):
            wanted = wishes["paths"] if isinstance(wishes["paths"], list) else [wishes["paths"]]
            self.send_json([entry for entry in self.below("", everything=True) if entry["path"] in wanted])
        elif path.startswith("/api/datasets/me/logs"):
            self.send_json({"id": "me/logs", "sha": self.commit, "private": False, "siblings": [], "tags": []})
        elif path.startswith("/datasets/me/logs/resolve/"):
            name = path.removeprefix("/datasets/me/logs/resolve/").partition("/")[2]
            headers = {"ETag": '"1"', "X_Repo_Commit": self.commit}
            if name in FILES:
                self.send_file(FILES[name], **headers)
            else:
                self.send(404, b"", X_Error_Code="EntryNotFound", **headers)
        else:
            self.send(404, b"", X_Error_Code="RepoNotFound")

    def below(self, folder: str, *, everything: bool) -> list[dict[str, object]]:
        commit = {"id": self.commit, "title": "logs", "date": "2026-05-01T12:00:00.000Z"}
        found: dict[str, dict[str, object]] = {}
        for name, content in FILES.items():
            if not name.startswith(f"{folder}/" if folder else ""):
                continue
            parts = name.split("/")
            depth = len(folder.split("/")) if folder else 0
            for level in range(depth + 1, len(parts) if everything else depth + 2):
                at = "/".join(parts[:level])
                if at != name:
                    found[at] = {"type": "directory", "oid": "1", "size": 0, "path": at, "lastCommit": commit}
            if everything or len(parts) == depth + 1:
                found[name] = {
                    "type": "file", "oid": "1", "size": len(content), "path": name, "lastCommit": commit,
                }  # fmt: skip
        return list(found.values())


@pytest.fixture(params=["gs", "hf"])
def elsewhere(request, monkeypatch):
    """Where the files are: a URL, and the server that answers for it."""
    pytest.importorskip({"gs": "gcsfs", "hf": "huggingface_hub"}[request.param])
    kind = {"gs": Google, "hf": Face}[request.param]
    handler = type("Handler", (kind,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{server.server_port}"
        if request.param == "gs":
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", place)
            monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        else:  # the hub's client reads its environment once
            monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", place)
            template = place + "/{repo_id}/resolve/{revision}/{filename}"
            monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        fsspec.filesystem(request.param).clear_instance_cache()
        yield {"gs": "gs://logs", "hf": "hf://datasets/me/logs"}[request.param], handler
        fsspec.filesystem(request.param).clear_instance_cache()
        server.shutdown()


def test_the_same_is_said_of_the_same_files(elsewhere, here):
    url, server = elsewhere
    there = json.loads(lrdoctor.diagnose(f"{url}/sweep").to_json().replace(url, "ROOT"))
    assert there == json.loads(lrdoctor.diagnose(here / "sweep").to_json().replace(str(here), "ROOT"))
    assert there["summary"]["runs"] == 3
    assert [lost["error"] for lost in there["unreadable"]] == ["the file is empty"]
    assert not any("other" in path for path in server.asked), "only what was named is looked at"


def test_files_and_patterns(elsewhere):
    url, _ = elsewhere
    (run,) = lrdoctor.read(f"{url}/sweep/run_0/metrics.csv")
    assert (run.id, run.source) == ("metrics.csv", f"{url}/sweep/run_0/metrics.csv")
    found = [said.run.id.rpartition("/")[2] for said in lrdoctor.diagnose(f"{url}/sweep/run*")]
    assert sorted(found) == ["run 1 (50%)", "run_0"]


def test_what_is_not_there(elsewhere):
    url, _ = elsewhere
    with pytest.raises(UsageError, match=r"no such file|cannot be listed"):
        lrdoctor.read(f"{url}/nothing")
    with pytest.raises(UsageError, match=r"nothing matches|cannot be listed"):
        lrdoctor.read(f"{url}/nothing*")
