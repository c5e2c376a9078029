from __future__ import annotations

import sys

from striate.callbacks.messages import say


def test_a_message_has_a_line_of_its_own_under_a_progress_bar(terminal, monkeypatch, capsys):
    say("plain")
    assert capsys.readouterr().out == "plain\n"
    monkeypatch.setattr(sys, "stdout", terminal)
    say("under the bar")
    assert terminal.getvalue() == "\nunder the bar\n"
