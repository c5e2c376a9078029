"""Somebody who looks at one page and notes what the browser complains of and asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class Visitor:
    """A page in a browser window of its own, without a network."""

    def __init__(self, browser: Any, path: Path, options: dict[str, Any]):
        self.complaints: list[str] = []
        self.outside: list[str] = []
        self._address = path.as_uri()
        self._window = browser.new_context(offline=True, **options)
        self.page = self._window.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._note)
        self.page.goto(self._address)

    def _note(self, request: Any) -> None:
        if request.url.partition("#")[0] != self._address and not request.url.startswith("data:"):
            self.outside.append(request.url)

    def click_cell(self, key: str) -> None:
        """Click on a cell of the confusion matrix."""
        self.page.click(f'button[data-cell="{key}"]')

    def shown_files(self) -> list[str]:
        """The names of the files that stand below the matrix, those in the folded list as well."""
        named = self.page.locator("#opened .file, #opened details li").all_text_contents()
        return [str(name) for name in named]

    def ask(self, script: str) -> Any:
        """Let the page work something out."""
        return self.page.evaluate(script)

    def close(self) -> None:
        """Close the window."""
        self._window.close()
