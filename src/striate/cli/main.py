"""The program `striate`: verbs, options, and mistakes answered in words."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated, Any

import typer

from striate.cli.spelling import Vocabulary, spell_out
from striate.cli.verbs.augment import augment
from striate.cli.verbs.cache import cache
from striate.cli.verbs.convolve import convolve
from striate.cli.verbs.evaluate import evaluate
from striate.cli.verbs.predict import predict
from striate.cli.verbs.report import report
from striate.cli.verbs.runtime import runtime
from striate.cli.verbs.see import see
from striate.cli.verbs.summary import summary
from striate.cli.verbs.train import train
from striate.cli.verbs.tune_kernels import tune_kernels
from striate.core.errors import StriateError
from striate.core.names import accept_all_names, harmless

WELCOME = """\
Striate trains convolutional neural networks, measures them and uses them.

  striate train digits                 learn to read handwritten digits (1,797 real images, in seconds)
  striate train PATH                   learn from your own folder of images or table of signals
  striate evaluate digits              score what was learned on images that were kept apart
  striate predict digits image.png     ask what an image shows
  striate see digits                   look at what it learned
  striate summary digits               show the network's layers

Each training leaves a run, a folder in runs/. More: striate --help, striate train --help
"""

SIGNALLED = 128
USAGE = 2
FAILED = 1

# How PyTorch says it where it has no class for it.
_MEMORY_WORDS = ("allocate memory", "out of memory")

# One width everywhere, so that the help reads the same in every terminal, log and test.
_WIDTH = 100
_CONTEXT = {
    "help_option_names": ["--help", "-h"],
    "terminal_width": _WIDTH,
    "max_content_width": _WIDTH,
}

# typer hands its parser's errors on; their common class is the one above its BadParameter.
_USAGE_ERROR: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "UsageError"
)


def make_app() -> typer.Typer:
    """Put the verbs together."""
    app = typer.Typer(
        name="striate",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_CONTEXT,
    )
    app.callback(invoke_without_command=True)(striate)
    trained = (train, evaluate, predict, summary, see, report)
    for verb in (*trained, convolve, augment, cache, runtime, tune_kernels):
        app.command(context_settings=_CONTEXT)(verb)
    return app


def striate(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Train convolutional neural networks, measure them and use them.

    Options are the same words for every verb, and epochs=3 works as well as --epochs 3.
    """
    if version:
        from striate.core.version import __version__

        typer.echo(f"striate {__version__}")
        raise typer.Exit


def vocabularies(command: Any) -> dict[str, Vocabulary]:
    """Read off the verbs which options each takes."""
    found = {}
    for name, verb in command.commands.items():
        options = [parameter for parameter in verb.params if parameter.param_type_name == "option"]
        flags = {
            option
            for parameter in options
            if parameter.is_flag
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        named = {option for parameter in options for option in parameter.opts}
        found[name] = Vocabulary(frozenset(named - flags), frozenset(flags | {"--help"}))
    return found


def main(words: list[str] | None = None) -> int:
    """Run the program on the words of a command line; answer with its exit code.

    0 all went well, 1 a mistake that was said in words, 2 a word that is not known or out of
    place, 130 stopped by Ctrl-C, 143 by SIGTERM.
    """
    given = sys.argv[1:] if words is None else words
    for stream in (sys.stdout, sys.stderr):
        accept_all_names(stream)
    _wait_politely()
    if not given:
        typer.echo(WELCOME, nl=False)
        return 0
    try:
        return _run(given)
    except StriateError as error:
        _complain(str(error))
        return FAILED
    except (KeyboardInterrupt, typer.Abort) as end:
        number = getattr(end, "signal", signal.SIGINT)
        _complain(f"stopped by {'Ctrl-C' if number == signal.SIGINT else signal.Signals(number).name}.")
        return SIGNALLED + int(number)
    except BrokenPipeError:
        # Whoever read the output has gone, as `head` does; the rest goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not any(words in str(error) for words in _MEMORY_WORDS):
            raise
        _complain(
            "memory ran out before a batch was computed: the data or the network's weights do not fit. Take "
            "a smaller --size or --limit, fewer filters, or free memory that other programs hold."
        )
        return FAILED
    except OSError as error:
        _complain(f"{error.filename}: {error.strerror}." if error.filename else f"{error}.")
        return FAILED


def _wait_politely() -> None:
    """Let threads that wait give way soon; the person's own settings go first.

    OpenMP reads this once, when torch is loaded, so only a program can set it and not a library.
    Beside a busy neighbour small networks train four times as fast with it; on a quiet machine
    they lose up to a quarter (docs/log.md).
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def _run(words: list[str]) -> int:
    command = typer.main.get_command(make_app())
    try:
        spelt = spell_out(words, vocabularies(command))
    except StriateError as error:
        _complain(str(error))
        return USAGE
    try:
        # Not command.main, which would answer Ctrl-C itself, and without a word.
        with command.make_context("striate", spelt) as context:
            code = command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except _USAGE_ERROR as error:
        message = error.format_message()  # type: ignore[attr-defined]
        _complain(f"{message} How it goes: striate {spelt[0]} --help")
        return USAGE
    return code if isinstance(code, int) else 0


def _complain(text: str) -> None:
    typer.echo("striate: " + harmless(text, keep="\n"), err=True)
