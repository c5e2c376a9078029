"""The picture of a sum, laid out so that its cells can be read."""

from __future__ import annotations

import numpy as np

from striate.visualize import sum_at


def test_windows_of_a_signal_stand_upright_with_their_numbers():
    sheet = sum_at("gabor:size=9", np.sin(np.arange(40.0)), row=3).sheet
    assert [panel.values.shape for panel in sheet.panels[1:4]] == [(9, 1)] * 3
    assert type(sum_at("blur:size=17", np.arange(40.0)).sheet.panels[1]).__name__ == "HeatPanel"
    assert "added up over 1 channel, gives" in sheet.caption
