"""One folder, which can be moved."""

from __future__ import annotations

from pathlib import Path

from striate.core.cache import cache_folder


def test_the_cache_can_be_moved(monkeypatch, tmp_path):
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "moved"))
    assert cache_folder("datasets", "toy") == tmp_path / "moved" / "datasets" / "toy"
    assert list(tmp_path.iterdir()) == []


def test_a_moved_cache_may_begin_at_home(monkeypatch):
    monkeypatch.setenv("STRIATE_CACHE", "~/elsewhere")
    assert cache_folder() == Path.home() / "elsewhere"


def test_else_it_is_the_platforms_own_place(monkeypatch):
    monkeypatch.delenv("STRIATE_CACHE", raising=False)
    assert "striate" in cache_folder("datasets").as_posix().lower()
    assert cache_folder("datasets").name == "datasets"
