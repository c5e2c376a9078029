from __future__ import annotations

import pytest

from striate.core.errors import ArgumentError, FileFormatError
from striate.workbench.recipe import Recipe, read_recipe, recipe_for, write_recipe


def test_a_recipe_comes_back_from_its_file_as_it_was(tmp_path):
    recipe = Recipe("digits", model="net_c", epochs=3, batch_size=8, learning_rate=0.01, seed=7)
    write_recipe(tmp_path / "recipe.toml", recipe)
    assert read_recipe(tmp_path / "recipe.toml") == recipe


def test_what_is_left_open_is_left_out_of_the_file(tmp_path):
    write_recipe(tmp_path / "recipe.toml", Recipe("digits"))
    text = (tmp_path / "recipe.toml").read_text(encoding="utf-8")
    assert "epochs" not in text
    assert text.startswith('recipe_version = 1\ndata = "digits"\n')


def test_options_that_are_given_win_over_the_file_and_none_stays_out(tmp_path):
    write_recipe(tmp_path / "recipe.toml", Recipe("digits", epochs=3, seed=7))
    found = recipe_for(str(tmp_path / "recipe.toml"), epochs=5, seed=None)
    assert (found.epochs, found.seed) == (5, 7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "data = 'digits'\nepoch = 3",
            r"recipe\.toml: a recipe has no key 'epoch'\. Did you mean 'epochs'\?",
        ),
        ("epochs = 3", r"a recipe names its data, as in: data = 'digits'"),
        ("data = 'digits'\nrecipe_version = 2", r"recipe_version 2; this Striate reads up to 1\. Update"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_in_words(tmp_path, text, message):
    (tmp_path / "recipe.toml").write_text(text, encoding="utf-8")
    with pytest.raises(FileFormatError, match=message):
        read_recipe(tmp_path / "recipe.toml")


def test_a_value_that_cannot_work_is_refused_with_the_file_named(tmp_path):
    (tmp_path / "recipe.toml").write_text("data = 'digits'\nepochs = 0", encoding="utf-8")
    with pytest.raises(ArgumentError, match=r"recipe\.toml: epochs is a whole number from 1 up; got 0"):
        read_recipe(tmp_path / "recipe.toml")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs is a whole number from 1 up; got 0"),
        ({"batch_size": 0}, "batch_size is a whole number from 1 up; got 0"),
        ({"batch_size": True}, "batch_size is a whole number from 1 up; got True"),
        ({"seed": -1}, "seed is a whole number from 0 to 4294967295; got -1"),
        ({"learning_rate": 0}, "learning_rate is a number above 0, such as 0.001; got 0"),
        ({"learning_rate": float("inf")}, "learning_rate is a number above 0"),
        ({"model": ""}, "model is written as text; got ''"),
        ({"test_share": 1}, "test_share is a share between 0 and 1, such as 0.1; got 1"),
        ({"precision": "float8"}, "precision must be one of 'auto', 'float32', 'bfloat16'; got 'float8'"),
        ({"schedule": "up"}, "schedule must be one of 'constant', 'cosine'; got 'up'"),
        ({"cache": "no"}, "cache is true or false; got 'no'"),
        ({"size": "big"}, r"size is the side of square images, '128', or 'HEIGHTxWIDTH', .* got 'big'"),
        ({"size": "0x5"}, "size is the side of square images"),
        ({"validation_share": 1.0}, r"validation_share is a share from 0 to below 1, such as 0\.1; got 1\.0"),
        ({"augment": "wild"}, "augment must be one of 'none', 'light', 'standard', 'strong'; got 'wild'"),
        ({"normalize": "all"}, "normalize must be one of 'none', 'mean'"),
        ({"limit": 0}, "limit is a whole number from 1 up; got 0"),
    ],
)
def test_a_value_that_cannot_work_is_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        Recipe("digits", **options)


def test_a_size_is_one_side_or_two():
    assert Recipe("pets").image_size() is None
    assert Recipe("pets", size="128").image_size() == (128, 128)
    assert Recipe("pets", size="96x128").image_size() == (96, 128)


def test_what_is_said_of_reading_reaches_the_source():
    recipe = Recipe("pets", size="64", fit="pad", megapixels=3, limit=9, cache=False, group="folder")
    options = recipe.source_options()
    assert (options.size, options.fit, options.most_pixels) == ((64, 64), "pad", 3_000_000)
    assert (options.limit, options.cache, options.group) == (9, False, "folder")
