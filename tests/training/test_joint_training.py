"""Two processes that train together do what one does: the same small trainings, run both ways."""

import os
import re

import numpy as np
import pytest

from tests.training.launching import results

# What is drawn, or taken from a part alone, in a way that depends on the number of processes.
OWN_WAYS = ("statistics_of_each_part", "a_module_that_draws_by_itself")
SAME = (
    "everything_at_once",
    "statistics_asked_for_by_the_layer",
    "mixed_examples",
    "weights_of_examples",
    "sum_of_a_yes_or_no",
    "accumulated_steps",
    "batches_cut_into_parts",
    "a_list_of_batches",
    "a_data_loader_that_shuffles",
    "a_single_batch",
    "a_part_of_the_network_that_is_not_used",
    "one_process_that_wants_to_stop",
)
REFUSED = {
    "different_data": "were given different data: this one has 4[23] examples",
    "different_streams": "one has a batch of 8 examples where another has none",
    "a_sampler_that_parts_the_data": "DistributedSampler parts the data between the processes already",
    "a_number_that_is_none_in_one_process": "in epoch 1, step 1: .*weights kept: True",
    "a_weight_that_learns_later": "took no part in the first step and does in this one",
}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return results(1, "joint_cases.py", tmp_path_factory.mktemp("one") / "out", *SAME)[0]


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return results(2, "joint_cases.py", tmp_path_factory.mktemp("two") / "out", *SAME, *OWN_WAYS, *REFUSED)


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    return results(3, "joint_cases.py", tmp_path_factory.mktemp("three") / "out", "everything_at_once")


def numbers(found):
    """All numbers in lists and dicts, one after another."""
    if isinstance(found, dict):
        return [number for key in sorted(found) for number in numbers(found[key])]
    if isinstance(found, list):
        return [number for part in found for number in numbers(part)]
    return [float(found)]


@pytest.mark.parametrize("case", SAME)
def test_two_processes_give_the_losses_scores_and_weights_of_one(case, alone, pair):
    np.testing.assert_allclose(numbers(pair[0][case]), numbers(alone[case]), rtol=0, atol=1e-9)


@pytest.mark.parametrize("case", [*SAME, *OWN_WAYS])
def test_all_processes_end_with_the_same_bits(case, pair):
    assert pair[0][case] == pair[1][case]


def test_three_processes_of_which_some_have_no_example_give_what_one_gives(alone, three):
    for found in three:
        wanted = numbers(alone["everything_at_once"])
        np.testing.assert_allclose(numbers(found["everything_at_once"]), wanted, rtol=0, atol=1e-9)


def test_a_stop_that_one_process_asks_for_ends_all_after_the_same_step(pair):
    assert [len(found["one_process_that_wants_to_stop"]["losses"]) for found in pair] == [5, 5]


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_cannot_be_trained_together_is_refused_in_words(case, pair):
    for found in pair:
        assert re.search(REFUSED[case], found[case]), found[case]


LONG = os.environ.get("STRIATE_LONG", "") not in ("", "0")
FORMS = [("C", "float64", 12), ("C", "float32", 6)]
LONG_FORMS = [
    (net, precision, steps) for net in "ABCDE" for precision, steps in (("float64", 100), ("float32", 20))
]


@pytest.mark.parametrize(("net", "precision", "steps"), LONG_FORMS if LONG else FORMS)
def test_a_reference_network_has_the_same_losses_in_two_processes(net, precision, steps, tmp_path):
    one = results(1, "joint_nets.py", tmp_path / "one", net, precision, str(steps))
    two = results(2, "joint_nets.py", tmp_path / "two", net, precision, str(steps))
    bound = 1e-9 if precision == "float64" else 1e-5
    assert len(one[0]) == steps
    np.testing.assert_allclose(two[0], one[0], rtol=0, atol=bound)
    assert two[0] == two[1]
