"""The comparison with Keras 3 on JAX: run by `pytest -m peers`, skipped by every other run."""

from __future__ import annotations

import importlib.util

import pytest

PROPERTY = "peer_difference"

# Keras and JAX warn about each other's and NumPy's coming changes; that is not ours to mend.
FOREIGN_WARNINGS = "ignore:::(keras|jax|jaxlib|numpy|ml_dtypes|optree|flax)"


def why_not(config: pytest.Config) -> str | None:
    """Say why the comparison does not run, or None where it does."""
    if "peers" not in (config.getoption("markexpr") or ""):
        return "compared with Keras only when asked for: pytest -m peers"
    missing = [name for name in ("keras", "jax") if importlib.util.find_spec(name) is None]
    if missing:
        return f"needs {' and '.join(missing)}: pip install -c constraints.txt '.[peers]'"
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    reason = why_not(config)
    for item in items:
        if item.get_closest_marker("peers"):
            item.add_marker(pytest.mark.filterwarnings(FOREIGN_WARNINGS))
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def note(record_property):
    """Note the largest difference of a family for the table at the end of the run."""
    return lambda what, family, count, difference: record_property(
        PROPERTY, (what, family, count, float(difference))
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the largest difference of each family, as a share of the largest value."""
    rows = sorted(
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    )
    if not rows:
        return
    terminalreporter.section("largest differences from Keras on JAX, as a share of the largest value")
    for what, family, count, difference in rows:
        terminalreporter.write_line(f"{what:<24} {family:<34} {count:>5} cases  {difference:.1e}")
    for what in sorted({row[0] for row in rows}):
        chosen = [row for row in rows if row[0] == what]
        terminalreporter.write_line(
            f"{what}: {sum(row[2] for row in chosen)} cases in {len(chosen)} families, "
            f"largest difference {max(row[3] for row in chosen):.1e}"
        )
