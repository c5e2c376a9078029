"""A web server on this machine, so that no test needs a network."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder, notes what was asked for, and prints nothing."""

    asked: list[str]

    def log_message(self, *arguments):
        self.asked.append(self.path)


@pytest.fixture
def web(tmp_path, monkeypatch):
    """Serve a new folder; `.folder`, `.address` and the paths that were `.asked` for."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = tmp_path / "web"
    folder.mkdir()
    asked = []
    handler = type("Handler", (QuietHandler,), {"asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield SimpleNamespace(folder=folder, address=f"http://127.0.0.1:{server.server_port}", asked=asked)
    server.shutdown()
    thread.join()
    server.server_close()
