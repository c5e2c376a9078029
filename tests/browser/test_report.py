"""A report as a person meets it: in a browser, with mouse and keyboard, light and dark, on a phone."""

from __future__ import annotations

import pytest

from striate.report.text import plain
from tests.report.toy import CLASS_NAMES, material

PHONE = {"viewport": {"width": 360, "height": 740}}
DARK = {"color_scheme": "dark"}


def expected_files(key: str) -> list[str]:
    """The files of a cell, the most confident answer first, worked out one by one."""
    true, said = map(int, key.split("-"))
    answers = material().answers
    found = [
        (-answers.probabilities[place].max(), place)
        for place in range(len(answers.labels))
        if answers.labels[place] == true and answers.probabilities[place].argmax() == said
    ]
    return [plain(answers.names[place]) for _, place in sorted(found)]


def test_a_click_on_a_cell_shows_its_files_and_no_others(visit):
    visitor = visit()
    keys = visitor.ask("[...document.querySelectorAll('[data-cell]')].map(one => one.dataset.cell)")
    assert len(keys) >= 5
    for key in keys:
        visitor.click_cell(key)
        assert visitor.shown_files() == expected_files(key)
        assert visitor.page.get_attribute(f'[data-cell="{key}"]', "aria-expanded") == "true"
    assert visitor.page.locator('[aria-expanded="true"]').count() == 1


def test_a_mistake_is_shown_with_heatmaps_for_both_classes(visit):
    visitor = visit()
    visitor.click_cell("0-1")
    first = visitor.page.locator("#opened li").first
    assert first.locator("img").count() == 3
    titles = first.locator("figcaption").all_text_contents()
    assert "sure" in titles[0]
    assert titles[1].startswith(f"for {plain(CLASS_NAMES[0])}, ")
    assert titles[2].startswith(f"for {plain(CLASS_NAMES[1])}, ")


def test_hostile_names_are_shown_as_text(visit):
    visitor = visit()
    visitor.click_cell("0-0")
    assert "<img src=x onerror=alert(1)>.png" in visitor.shown_files()
    heading = visitor.page.text_content("#opened h3")
    assert plain(CLASS_NAMES[0]) in heading
    assert visitor.page.locator("img[src=x]").count() == 0


def test_the_matrix_is_used_by_keyboard_alone(visit):
    visitor = visit()
    visitor.page.focus('[data-cell="0-0"]')
    visitor.page.keyboard.press("ArrowRight")
    visitor.page.keyboard.press("Enter")
    assert visitor.shown_files() == expected_files("0-1")
    visitor.page.keyboard.press("ArrowDown")
    visitor.page.keyboard.press("Space")
    assert visitor.shown_files() == expected_files("1-1")
    # At the border there is nowhere to go, and one stop for the Tab key is enough.
    for _ in range(5):
        visitor.page.keyboard.press("ArrowUp")
    assert visitor.ask("document.activeElement.dataset.cell") == "0-1"
    assert visitor.ask("document.querySelectorAll('[data-cell][tabindex=\"0\"]').length") == 1


@pytest.mark.parametrize("kind", ["image", "signal"])
def test_every_picture_can_be_seen(visit, kind):
    visitor = visit(kind)
    for key in ("0-0", "0-1"):
        visitor.click_cell(key)
        visitor.ask("Promise.all([...document.images].map(one => one.decode()))")
        assert visitor.ask("[...document.images].filter(one => !one.naturalWidth).length") == 0
    drawn = visitor.ask("document.querySelectorAll('#opened svg .line').length")
    assert (drawn > 0) == (kind == "signal")


# Frames are noted as they appear: to look now and then, as a wait for one of them does, may miss it for ever.
EVERY_FRAME_IS_SHOWN = """new Promise((tell) => {
    const frames = [...document.querySelectorAll('.frame')];
    const seen = new Set();
    new MutationObserver((changes) => {
        changes.filter((one) => !one.target.hidden).forEach((one) => seen.add(one.target));
        if (seen.size === frames.length) tell(true);
    }).observe(document.querySelector('.film'), {attributeFilter: ['hidden'], subtree: true});
    setTimeout(() => tell(false), 30000);
})"""


def test_the_window_slides_when_asked_to_and_stops_again(visit):
    visitor = visit()
    shown = "[...document.querySelectorAll('.frame')].findIndex(one => !one.hidden)"
    assert visitor.ask(shown) == 0
    visitor.page.click(".film .on")
    assert visitor.ask(shown) == 1
    visitor.page.click(".film .back")
    visitor.page.click(".film .back")
    assert visitor.ask(shown) == visitor.page.locator(".frame").count() - 1
    visitor.ask("document.querySelector('.film').dataset.seconds = 0.01")
    visitor.page.click(".film .play")
    assert visitor.page.text_content(".film .play") == "Pause"
    assert visitor.ask(EVERY_FRAME_IS_SHOWN)
    visitor.page.click(".film .play")
    assert visitor.page.text_content(".film .play") == "Play"
    visitor.page.locator(".film input").fill("5")
    assert visitor.ask(shown) == 5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_and_the_switch(visit, scheme):
    visitor = visit(color_scheme=scheme)
    ground = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0] < 128"
    assert visitor.ask(ground) == (scheme == "dark")
    visitor.page.click("#theme")
    assert visitor.ask(ground) == (scheme == "light")
    visitor.page.click("#theme")
    assert visitor.ask(ground) == (scheme == "dark")


@pytest.mark.parametrize("kind", ["image", "signal"])
def test_on_a_phone_nothing_sticks_out_at_the_side(visit, kind):
    visitor = visit(kind, **PHONE)
    visitor.click_cell("0-1")
    assert visitor.ask("document.documentElement.scrollWidth") <= 360


def test_a_wide_table_of_a_phone_scrolls_in_its_own_box_and_says_so(visit):
    visitor = visit(**PHONE)
    assert visitor.ask("document.querySelector('#network .scroll').scrollWidth > 360")
    assert visitor.page.locator("#network .sideways").first.is_visible()
    assert not visit().page.locator("#network .sideways").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_empty_cells_have_the_ground_of_the_page_and_full_ones_stand_out(visit, scheme):
    visitor = visit(color_scheme=scheme)
    ground = "getComputedStyle(document.querySelector('{}')).backgroundColor"
    cells = "[...document.querySelectorAll('.confusion tbody td')]"
    empty = (
        f"{cells}.filter(one => one.querySelector('.none')).map(one => getComputedStyle(one).backgroundColor)"
    )
    assert set(visitor.ask(empty)) <= {"rgba(0, 0, 0, 0)"}
    full = visitor.ask(
        ground.format(".confusion td.right.s7, .confusion td.right.s8, .confusion td.right.s9")
    )
    assert full not in ("rgba(0, 0, 0, 0)", "")


def test_titles_of_galleries_take_one_line_and_can_be_read_in_full(visit):
    visitor = visit()
    titles = "[...document.querySelectorAll('.gallery figcaption')]"
    assert visitor.ask(f"new Set({titles}.map(one => one.offsetHeight)).size") == 1
    assert visitor.ask(f"{titles}.every(one => one.title && one.textContent.startsWith(one.title))")


def test_without_a_script_the_page_can_be_read(visit):
    visitor = visit(java_script_enabled=False)
    assert "The examples of a cell are shown by a script" in visitor.page.text_content("#opened")
    assert visitor.page.locator("#data img[src^='data:image/webp']").count() == 18


@pytest.mark.parametrize(
    ("kind", "options"),
    [("image", {}), ("image", DARK), ("image", PHONE), ("signal", DARK)],
    ids=["light", "dark", "phone", "signals"],
)
def test_axe_finds_no_fault(visit, kind, options):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe of the test extra is missing"
    )
    visitor = visit(kind, **options)
    visitor.click_cell("0-1")
    found = axe.Axe().run(visitor.page).response
    assert "color-contrast" in {rule["id"] for rule in found["passes"]}
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == []
