"""The documentation is run: every Python block of README and docs, the commands marked for it, and
the examples in docstrings.

- The ```python blocks of one file run in order in one namespace and one empty folder.
- A fragment that cannot stand alone is marked ```py and left alone.
- Lines `$ striate ...` of a block that follows `<!-- run -->` are run in that folder, too, and must succeed.
- The `>>>` examples of a module run as doctest runs them; their output is compared.
"""

from __future__ import annotations

import doctest
import importlib
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "striate"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

BLOCK = re.compile(
    r"^(?P<mark><!-- run -->\n+)?```(?P<language>[a-z]+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A block of a page that can be run: Python, or commands that are marked to be run."""

    line: int
    language: str
    text: str

    def commands(self) -> list[list[str]]:
        """List the commands of a console block as words, without the program's name."""
        lines = [
            line.removeprefix("$ striate") for line in self.text.splitlines() if line.startswith("$ striate")
        ]
        return [shlex.split(line, comments=True) for line in lines]


def blocks_to_run(page: str) -> list[Block]:
    """Find what can be run on a page, in order."""
    return [
        Block(page.count("\n", 0, match.start("text")) + 1, match["language"], match["text"])
        for match in BLOCK.finditer(page)
        if match["language"] == "python" or match["mark"]
    ]


def run_block(block: Block, name: str, namespace: dict[str, object]) -> None:
    if block.language == "python":
        # The empty lines in front make a traceback show the line of the page.
        exec(compile("\n" * (block.line - 1) + block.text, name, "exec", dont_inherit=True), namespace)
        return
    for words in block.commands():
        program = [sys.executable, "-c", "from striate.cli.main import main; main()", *words]
        result = subprocess.run(program, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{name}:{block.line}: striate {shlex.join(words)}\n{result.stderr}"


def pages_that_run() -> list[Path]:
    return [path for path in PAGES if blocks_to_run(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("path", pages_that_run(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_block_of_a_page_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    for block in blocks_to_run(path.read_text(encoding="utf-8")):
        run_block(block, path.name, namespace)


def modules_with_examples() -> list[str]:
    """Name the modules whose text has an example, found without loading them."""
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]
    dotted = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in paths]
    return [name.removesuffix(".__init__") for name in dotted]


@pytest.mark.parametrize("name", modules_with_examples())
def test_every_example_in_a_module_gives_what_it_shows(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    examples = doctest.DocTestFinder().find(importlib.import_module(name))
    for example in examples:
        runner.run(example, out=report.append)
    assert runner.summarize(verbose=False).attempted > 0
    assert "".join(report) == ""


def test_only_python_and_marked_commands_are_run():
    page = (
        "# Page\n\n```python\nx = 1\n```\n\n```console\n$ striate train\n```\n\n"
        "<!-- run -->\n```console\n$ striate version  # which\nstriate 1\n$ ls\n```\n"
    )
    blocks = blocks_to_run(page)
    assert [(block.line, block.language) for block in blocks] == [(4, "python"), (13, "console")]
    assert blocks[1].commands() == [["version"]]


def test_blocks_of_a_page_share_names_and_a_failing_one_is_reported_at_its_line():
    namespace: dict[str, object] = {}
    run_block(Block(2, "python", "x = 1\n"), "page.md", namespace)
    with pytest.raises(ZeroDivisionError, match="division") as info:
        run_block(Block(7, "python", "\nx / 0\n"), "page.md", namespace)
    assert info.traceback[-1].lineno == 7  # counted from 0: line 8 of the page
