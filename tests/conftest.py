"""What holds for every test: one thread, no window, and an account of which `raise` was tested."""

from __future__ import annotations

import importlib
import os
import signal

import pytest

from tests.architecture.raises import RaiseAccount

# Here, before any test can load torch or matplotlib. PyTorch's convolution gradients change with
# the number of threads, and the suite runs in several processes, so every process has one thread;
# the drawing library must not look for a screen.
for variable, value in {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "agg"}.items():
    os.environ[variable] = value

# A shell starts its background jobs with Ctrl-C ignored, and so would be the programs that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

account = RaiseAccount()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a GPU where there is none; torch is loaded only if there is such a test."""
    if item.get_closest_marker("gpu") and not importlib.import_module("torch").cuda.is_available():
        pytest.skip("needs a CUDA device")


def pytest_configure(config: pytest.Config) -> None:
    account.watch()


def pytest_unconfigure(config: pytest.Config) -> None:
    account.stop_watching()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object | None) -> None:
    """Take over what a worker process of pytest-xdist has seen."""
    account.add(getattr(node, "workeroutput", {}).get("raised_lines", []))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a whole, otherwise good run in which a `raise` of the package was never tested."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["raised_lines"] = account.seen()
    elif exitstatus == pytest.ExitCode.OK and runs_everything(config) and account.untested():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    missing = account.untested() if runs_everything(config) else []
    if missing:
        terminalreporter.section("raised by no test", red=True)
        for place in missing:
            terminalreporter.write_line(place)
        terminalreporter.write_line(f"{len(missing)} to go: each needs `with pytest.raises(..., match=...)`.")


def runs_everything(config: pytest.Config) -> bool:
    """Say whether this is the whole suite, neither a part of it nor a mere listing."""
    chosen = ("keyword", "markexpr", "lf", "collectonly", "deselect", "ignore")
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not any(
        config.getoption(option, default=None) for option in chosen
    )
