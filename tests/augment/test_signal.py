"""Changes to signals, against plain NumPy on one signal at a time, and what every one of them keeps."""

import numpy as np
import pytest

from striate.augment import signal
from striate.augment.keys import Chance, example_keys
from striate.augment.signal_presets import signal_preset
from striate.core.errors import ArgumentError, ShapeError

CHANGES = [
    signal.RandomShift(0.3),
    signal.RandomShift(0.3, "wrap"),
    signal.RandomShift((0.1, 0.3), "reflect"),
    signal.RandomShift(1.0, "constant", -7.0),
    signal.RandomScale(0.2),
    signal.RandomNoise(0.1),
    signal.RandomTimeWarp(0.5),
    signal.RandomBaselineDrift(0.3),
    signal.RandomBaselineDrift((0.1, 0.3), "sinusoid", 2),
    signal.RandomCutout(0.5),
    signal.RandomCutout((0.2, 0.5), 3.0),
]
EACH_CHANGE = pytest.mark.parametrize("change", CHANGES, ids=repr)


def draw(examples=6, steps=40, channels=2, dtype="float32"):
    random = np.random.default_rng(0)
    return (random.normal(size=(examples, steps, channels)).cumsum(1) * 100 + 1000).astype(dtype)


def changed(change, x, seed=0):
    parameters = change.draw(Chance(example_keys(seed, 0, np.arange(len(x))), 1), x.shape[1:])
    return change.apply(x, parameters), parameters


@EACH_CHANGE
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shape_and_dtype_stay_and_the_data_are_left_alone(change, dtype):
    x = draw(dtype=dtype)
    before = x.copy()
    found, _ = changed(change, x)
    assert found.shape == x.shape
    assert found.dtype == x.dtype
    assert not np.shares_memory(found, x)
    np.testing.assert_array_equal(x, before)
    assert not np.array_equal(found, x)


@EACH_CHANGE
def test_the_same_keys_give_the_same_signals_whatever_the_batch(change):
    x, keys = draw(), example_keys(3, 1, np.arange(6))
    whole = change.apply(x, change.draw(Chance(keys, 1), x.shape[1:]))
    for number in (4, 1):
        part = slice(number, number + 1)
        single = change.apply(x[part], change.draw(Chance(keys[part], 1), x.shape[1:]))
        np.testing.assert_allclose(single, whole[part], rtol=1e-6)


@EACH_CHANGE
def test_examples_of_a_batch_are_changed_differently(change):
    x = np.repeat(draw(1), 8, axis=0)
    found, _ = changed(change, x)
    assert len(np.unique(found.reshape(8, -1), axis=0)) > 2


@pytest.mark.parametrize("change", [each for each in CHANGES if not getattr(each, "fill_value", 0)], ids=repr)
def test_other_units_give_the_same_change_in_those_units(change):
    x = draw(dtype="float64")
    np.testing.assert_allclose(changed(change, x * 1e-6)[0], changed(change, x)[0] * 1e-6, rtol=1e-9)


@EACH_CHANGE
def test_constant_signals_and_single_steps_do_no_harm(change):
    for x in (np.full((3, 20, 1), 5.0, np.float32), draw(3, 1)):
        assert np.isfinite(changed(change, x)[0]).all()


@EACH_CHANGE
def test_a_config_makes_the_same_change_again(change):
    again = type(change).from_config(change.get_config())
    assert again.get_config() == change.get_config()
    np.testing.assert_array_equal(changed(again, draw())[0], changed(change, draw())[0])


def test_images_are_refused():
    with pytest.raises(ShapeError, match=r"RandomNoise changes signals .* got .*\(8, 8, 3\)"):
        signal.RandomNoise(0.1).check_shape((8, 8, 3))


@pytest.mark.parametrize(
    ("fill_mode", "wanted"),
    [
        ("nearest", [0, 0, 0, 1, 2]),
        ("wrap", [3, 4, 0, 1, 2]),
        ("reflect", [1, 0, 0, 1, 2]),
        ("constant", [9, 9, 0, 1, 2]),
    ],
)
def test_a_shift_fills_what_comes_in_at_the_end(fill_mode, wanted):
    change = signal.RandomShift(0.5, fill_mode, 9.0)
    x = np.arange(5.0).reshape(1, 5, 1)
    assert change.apply(x, {"steps": np.array([2])}).ravel().tolist() == wanted
    back = change.apply(x[:, ::-1], {"steps": np.array([-2])})
    assert back[:, ::-1].ravel().tolist() == wanted


def test_a_shift_is_a_share_of_the_length_in_whole_steps():
    x = draw(500, 20)
    steps = changed(signal.RandomShift((-0.1, 0.25)), x)[1]["steps"]
    assert set(steps) == set(range(-2, 6))


def test_scaling_multiplies_a_whole_signal_by_one_number():
    x = draw()
    found, parameters = changed(signal.RandomScale(0.2), x)
    np.testing.assert_allclose(found, x * parameters["scale"][:, None, None], rtol=1e-6)
    assert (np.abs(parameters["scale"] - 1) <= 0.2).all()


def test_noise_is_a_share_of_each_channels_own_deviation():
    x = draw(4, 5000)
    x[..., 1] *= 1000
    found, _ = changed(signal.RandomNoise((0.1, 0.1)), x)
    np.testing.assert_allclose((found - x).std(1) / x.std(1), 0.1, rtol=0.05)
    assert abs(np.corrcoef((found - x)[0].T)[0, 1]) < 0.05


def test_a_warp_reads_the_signal_at_places_that_never_run_backwards():
    steps = np.arange(30.0).reshape(1, 30, 1).repeat(50, 0)
    places = changed(signal.RandomTimeWarp(1.0, 5), steps)[0][..., 0]
    assert (np.diff(places, axis=1) > 0).all()
    np.testing.assert_allclose(places[:, [0, -1]], [[0, 29]] * 50, atol=1e-9)
    # Speeds are drawn between 1/2 and 2, so within one signal none is more than 4 times another.
    speeds = np.diff(places, axis=1)
    assert (speeds.max(1) / speeds.min(1)).max() <= 4
    assert np.abs(places - np.arange(30)).max() > 1


def test_a_warp_is_linear_interpolation_between_steps():
    x, steps = draw(3), np.arange(40.0).reshape(1, 40, 1).repeat(3, 0)
    change = signal.RandomTimeWarp(0.5)
    found, parameters = changed(change, x)
    places = change.apply(steps, parameters)[..., 0]
    for one, where, got in zip(x, places, found, strict=True):
        for channel in range(2):
            wanted = np.interp(where, np.arange(40), one[:, channel])
            np.testing.assert_allclose(got[:, channel], wanted, rtol=1e-5)


@pytest.mark.parametrize("kind", ["polynomial", "sinusoid"])
def test_a_drift_is_slow_and_as_high_as_drawn(kind):
    x = draw(20, 200)
    found, parameters = changed(signal.RandomBaselineDrift(0.5, kind, 2), x)
    curves = (found.astype(np.float64) - x) / x.std(1, keepdims=True)
    np.testing.assert_allclose(np.abs(curves).max(1), parameters["size"][:, None].repeat(2, 1), rtol=1e-3)
    if kind == "polynomial":
        left = np.polynomial.Polynomial.fit(np.arange(200), curves[0, :, 0], 2)(np.arange(200))
        np.testing.assert_allclose(left, curves[0, :, 0], atol=1e-4)
    else:
        turns = (np.diff(np.sign(np.diff(curves[:, 1:-1], axis=1)), axis=1) != 0).sum(1)
        assert turns.max() <= 8


def test_a_cut_out_stretch_is_flat_and_the_rest_untouched():
    x = draw(100)
    found, parameters = changed(signal.RandomCutout(0.5), x)
    lengths = parameters["stop"] - parameters["start"]
    assert lengths.min() >= 0
    assert lengths.max() <= 20
    assert (parameters["stop"] <= 40).all()
    for one, got, start, stop in zip(x, found, parameters["start"], parameters["stop"], strict=True):
        np.testing.assert_allclose(got[start:stop], np.tile(one.mean(0), (stop - start, 1)), rtol=1e-6)
        np.testing.assert_array_equal(
            np.delete(got, slice(start, stop), 0), np.delete(one, slice(start, stop), 0)
        )


def test_what_happens_is_said_in_few_words():
    said = [change.describe() for change in signal_preset("strong", (60, 1))]
    assert said[:3] == [
        "moves -10% to +10% along its steps",
        "warps the axis, 0.8 to 1.25 times as fast",
        "flattens 0% to 15% of its steps",
    ]
    assert said[3:] == [
        "multiplies by 0.8 to 1.2",
        "drifts by 0% to 25% of the deviation",
        "noise of 0% to 10% of the deviation",
    ]


def test_presets_grow_in_strength():
    x = draw(50, 60)
    distances = []
    for name in ("none", "light", "standard", "strong"):
        found = x
        for change in signal_preset(name, x.shape[1:]):
            found, _ = changed(change, found)
        distances.append(np.abs(found - x).mean() / x.std())
    assert distances[0] == 0
    assert distances == sorted(distances)
    assert distances[-1] < 1


def test_signals_of_few_steps_are_not_moved():
    kinds = {type(change) for change in signal_preset("strong", (4, 1))}
    assert kinds == {signal.RandomScale, signal.RandomBaselineDrift, signal.RandomNoise}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: signal.RandomShift(1.5), r"RandomShift: factor lies within -1 to 1; got \(-1.5, 1.5\)"),
        (
            lambda: signal.RandomScale((-2, 0)),
            r"RandomScale: factor lies within -1 and up; got \(-2.0",
        ),
        (lambda: signal.RandomNoise(-0.1), r"RandomNoise: factor lies within 0 and up; got \(0.0, -0.1\)"),
        (lambda: signal.RandomCutout(2), r"RandomCutout: factor lies within 0 to 1; got \(0.0, 2.0\)"),
        (lambda: signal.RandomTimeWarp(0.1, 1), r"RandomTimeWarp: knots is a whole number from 2; got 1"),
        (lambda: signal.RandomBaselineDrift(0.1, order=1.5), r"order is a whole number from 1; got 1.5"),
        (lambda: signal.RandomBaselineDrift(0.1, "line"), r"kind must be one of 'polynomial', 'sinusoid'"),
        (lambda: signal.RandomShift(0.1, "mirror"), r"RandomShift: fill_mode must be one of .* got 'mirror'"),
        (
            lambda: signal_preset("wild", (9, 1)),
            r"augment must be one of 'none', .* got 'wild'",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(make, words):
    with pytest.raises(ArgumentError, match=words):
        make()
