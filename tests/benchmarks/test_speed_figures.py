"""The speed benchmark's arithmetic, tables and lists of contestants."""

from __future__ import annotations

import json

import pytest

from benchmarks.speed import environments, table
from benchmarks.speed.__main__ import together
from benchmarks.speed.arithmetic import Ratio, fastest, flops, products, ratio, share
from benchmarks.speed.bars import verdicts
from benchmarks.speed.chart import draw
from benchmarks.speed.findings import Findings
from benchmarks.speed.nets import LOADS, NETS, data, load_named
from benchmarks.speed.sides import LIMIT, SIDES, chosen


def a_run(**changes):
    """Two rounds of C500 with round figures, as a results file holds them."""
    seconds = {
        "striate": [1.0, 1.0],
        "striate-pytorch": [2.0, 2.0],
        "keras-tensorflow": [4.0, 6.0],
        "keras-jax": [9.0, 9.0],
        "keras-tensorflow+warm": [3.0, 3.0],
        "torch-expert": [2.5, 3.5],
    }
    measured = {
        "net": "C",
        "batch": 500,
        "task": "train",
        "examples": 1000,
        "flops": 1_000_000,
        "sides": {
            name: {"seconds": found, "about": {"torch": "2.13", "striate": "1"}}
            for name, found in seconds.items()
        },
        "limits": {"bfloat16": [2e9, 2e9], "float32": [1e9, 1e9]},
        "failed": {},
        **changes,
    }
    machine = {
        "processor": "Abacus",
        "abilities": ["avx2"],
        "cores": 2,
        "memory_gigabytes": 24,
        "system": "Linux",
        "load": [0.25, 0, 0],
        "variables": {"OMP_NUM_THREADS": "1"},
    }
    return {
        "date": "2026-01-01",
        "commit": "abc",
        "machine": machine,
        "rounds": 2,
        "metrics": True,
        "measurements": [measured],
    }


def test_products_of_net_c_are_those_worked_out_by_hand():
    first, second, third = 30 * 30 * 27 * 32, 13 * 13 * 288 * 32, 4 * 4 * 288 * 64
    assert products(NETS["C"]) == [first, second, third, 1024 * 64, 64 * 10]


def test_products_of_a_signal_count_its_kernel_once():
    assert products(NETS["E"])[:2] == [62 * 300 * 64, 60 * 192 * 64]


def test_training_is_three_times_the_products_without_the_data_of_the_first_layer():
    total = 777_600 + 1_557_504 + 294_912 + 65_536 + 640
    assert flops(NETS["C"], "predict") == 2 * total
    assert flops(NETS["C"], "train") == 2 * (3 * total - 777_600)


def test_a_ratio_is_of_the_medians_and_its_spread_of_the_rounds():
    assert ratio([1.0, 2.0, 4.0], [3.0, 8.0, 4.0]) == Ratio(2.0, 1.0, 4.0)


def test_a_share_grows_with_the_rate():
    assert share([50.0, 60.0], [100.0, 100.0]) == Ratio(0.55, 0.5, 0.6)


def test_the_fastest_has_the_lowest_median():
    assert fastest({"steady": [2.0, 2.0, 2.0], "lucky": [1.0, 3.0, 3.0]}) == "steady"
    assert fastest({}) == ""


def test_striate_is_compared_with_the_quickest_of_a_group():
    found = Findings.of(a_run()["measurements"][0])
    assert found.best(("keras",)).name == "keras-tensorflow"
    assert found.best(("keras",)).ratio == Ratio(5.0, 4.0, 6.0)
    assert found.best(("keras",), warm=True) is None, "JAX was not measured so, and may be the quickest"
    assert found.best(("inference",)) is None
    assert found.rate("striate") == 1000
    assert found.share("bfloat16").value == 0.5


def test_with_the_allocators_settings_all_of_a_group_are_compared():
    measured = a_run()["measurements"][0]
    measured["sides"]["keras-jax+warm"] = {"seconds": [2.5, 2.5], "about": {}}
    best = Findings.of(measured).best(("keras",), warm=True)
    assert (best.title, best.ratio.value) == ("Keras on JAX", 2.5)


def test_a_side_without_a_turn_or_of_another_time_is_not_there():
    measured = a_run()["measurements"][0]
    measured["sides"]["abacus"] = {"seconds": [1.0, 1.0], "about": {}}
    measured["sides"]["torch"] = {"seconds": [], "about": {}}
    found = Findings.of(measured)
    assert found.rate("torch") is found.rate("abacus") is None


def test_the_verdicts_say_what_is_short():
    said = verdicts(Findings.of(a_run()["measurements"][0]))
    assert "  reached  against the best Keras backend: 5.00 (4.00 to 6.00), aim 3.5" in said
    assert "  short    share of the bf16 limit: 0.50 (0.50 to 0.50), aim 0.65" in said
    assert "  reached  kernels off, against expert PyTorch: 1.50 (1.25 to 1.75), aim 1" in said


def test_the_training_table_has_a_row_for_each_network():
    found = Findings.of(a_run()["measurements"][0])
    assert table.training([found]).splitlines()[-1] == (
        "| C, 500 | 1,000 | 5.00 (4.00 to 6.00), Keras on TensorFlow | 3.00 (2.50 to 3.50) | - "
        "| 50% (50% to 50%) | 100% (100% to 100%) |"
    )


def test_the_page_names_machine_versions_and_settings():
    text = table.write(a_run())
    assert "Abacus (avx2), 2 cores, 24 GiB, Linux, OMP_NUM_THREADS=1" in text
    assert "Commit abc. torch 2.13. 2 rounds, metrics on for all." in text
    assert "### Prediction" not in text
    assert "2 rounds, training in turns 0.4 times as long as usual, metrics" in table.write(a_run(scale=0.4))


def test_small_rates_keep_a_digit():
    assert [table.number(value) for value in (1234.5, 12.34, None)] == ["1,234", "12.3", "-"]


def test_only_what_stands_between_the_markers_is_renewed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    table.refresh(page, "new")
    assert page.read_text() == f"before\n{table.BEGIN}\n\nnew\n\n{table.END}\nafter\n"


def test_a_page_without_markers_is_left_alone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("words")
    with pytest.raises(SystemExit, match="has no lines"):
        table.refresh(page, "new")
    assert page.read_text() == "words"


def test_the_chart_is_the_same_file_for_the_same_run(tmp_path):
    for name in ("one.svg", "two.svg"):
        draw(a_run(), tmp_path / name)
    assert (tmp_path / "one.svg").read_text() == (tmp_path / "two.svg").read_text()


def test_of_results_that_were_measured_twice_the_last_count(tmp_path):
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    for file, run in zip(files, (a_run(), a_run(examples=7)), strict=True):
        file.write_text(json.dumps(run))
    assert [one["examples"] for one in together(files)["measurements"]] == [7]


def test_results_of_one_machine_are_not_joined_with_anothers(tmp_path):
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    other = a_run()
    other["machine"] = {**other["machine"], "processor": "Slide rule"}
    for file, run in zip(files, (a_run(), other), strict=True):
        file.write_text(json.dumps(run))
    with pytest.raises(SystemExit, match="Abacus and Slide rule"):
        together(files)


def test_results_with_and_without_metrics_are_not_joined(tmp_path):
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    for file, run in zip(files, (a_run(), {**a_run(), "metrics": False}), strict=True):
        file.write_text(json.dumps(run))
    with pytest.raises(SystemExit, match="with and without metrics"):
        together(files)


def test_a_load_of_another_batch_has_as_many_examples():
    load = load_named("C100")
    assert load.train_steps * 100 == LOADS["C500"].train_steps * 500


def test_a_scale_shortens_a_turn_to_no_less_than_a_step():
    assert load_named("D32", 0.01).train_steps == 1


def test_a_load_that_is_none_is_refused():
    with pytest.raises(SystemExit, match="no network with a batch size"):
        load_named("F32")


@pytest.mark.parametrize("name", NETS)
def test_data_has_every_class_and_the_range_of_images(name):
    inputs, labels = data(NETS[name], 300 if name in "CE" else 4)
    assert inputs.shape[1:] == NETS[name].shape
    assert inputs.min() >= 0
    assert inputs.max() <= 1
    assert set(labels) <= set(range(NETS[name].classes))


def test_a_group_stands_for_its_members_as_installed():
    assert [side.name for side in chosen(["striate"])] == ["striate"]
    assert [side.name for side in chosen(["ours"])] == ["striate", "striate-pytorch"]
    assert [side.name for side in chosen(["keras"])] == ["keras-tensorflow", "keras-jax", "keras-torch"]


def test_all_are_what_a_person_gets_and_its_warm_twins():
    names = {side.name for side in chosen(["all"])}
    assert names == {name for name in SIDES if "-bf16" not in name}
    assert LIMIT.name not in names
    assert "striate+warm" not in names
    assert SIDES["torch-expert+warm"].warm


def test_sides_that_stand_apart_are_measured_when_named():
    assert [side.name for side in chosen(["keras-bf16", "keras-jax-bf16"])] == [
        "keras-tensorflow-bf16",
        "keras-jax-bf16",
        "keras-torch-bf16",
    ]


def test_a_side_that_is_none_is_refused():
    with pytest.raises(SystemExit, match="'abacus' is no side"):
        chosen(["abacus"])


def test_an_environment_is_given_as_its_folder_or_its_python(tmp_path):
    found = environments.given([f"keras={tmp_path}", "inference=/x/python"])
    assert found == {"keras": str(tmp_path / "bin" / "python"), "inference": "/x/python"}


@pytest.mark.parametrize("pair", ["keras", "abacus=/x"])
def test_a_place_that_is_none_is_refused(pair):
    with pytest.raises(SystemExit, match="PLACE=PYTHON"):
        environments.given([pair])
