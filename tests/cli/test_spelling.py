from __future__ import annotations

import pytest

from striate.cli.spelling import Vocabulary, spell_out
from striate.core.errors import ArgumentError, UnknownNameError

VERBS = {
    "train": Vocabulary(frozenset({"--epochs", "--batch-size", "--name"}), frozenset({"--help"})),
    "summary": Vocabulary(frozenset(), frozenset({"--details", "--help"})),
}


@pytest.mark.parametrize(
    ("words", "spelt"),
    [
        ([], []),
        (["--version"], ["--version"]),
        (["train", "digits", "epochs=3"], ["train", "digits", "--epochs=3"]),
        (["train", "batch_size=8"], ["train", "--batch-size=8"]),
        (["train", "batch-size=8"], ["train", "--batch-size=8"]),
        (["train", "--batch_size", "8"], ["train", "--batch-size", "8"]),
        (["train", "--Epochs=3"], ["train", "--epochs=3"]),
        (["train", "name=a=b"], ["train", "--name=a=b"]),
        (["train", "--name", "epochs=3"], ["train", "--name", "epochs=3"]),
        (["train", "--name=epochs=3", "x"], ["train", "--name=epochs=3", "x"]),
        (["train", "--", "epochs=3"], ["train", "--", "epochs=3"]),
        (["train", "colour=blue.npz"], ["train", "colour=blue.npz"]),
    ],
)
def test_words_are_spelt_as_the_parser_takes_them(words, spelt):
    assert spell_out(words, VERBS) == spelt


def test_a_file_with_an_equals_sign_in_its_name_stays_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "epochs=3").write_text("", encoding="utf-8")
    assert spell_out(["train", "epochs=3"], VERBS) == ["train", "epochs=3"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tran"], r"there is no verb called 'tran'\. Did you mean 'train'"),
        (["digits"], "To train on it: striate train digits"),
        (["my.npz"], r"To train on it: striate train my\.npz"),
        (["--vresion"], r"no option of striate called '--vresion'\. Did you mean '--version'"),
        (["train", "--epoch", "3"], r"train: there is no option called '--epoch'\. Did you mean '--epochs'"),
        (["train", "epoch=3"], r"train: there is no option called '--epoch'\. Did you mean '--epochs'"),
    ],
)
def test_a_word_that_is_not_known_gets_what_was_meant(words, message):
    with pytest.raises(UnknownNameError, match=message):
        spell_out(words, VERBS)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["summary", "--epochs", "3"], r"summary does not take --epochs\. It takes: --details, --help"),
        (["summary", "epochs=3"], r"summary does not take --epochs"),
        (["summary", "details=yes"], "summary: --details stands alone and takes no value"),
    ],
)
def test_an_option_of_another_verb_is_refused(words, message):
    with pytest.raises(ArgumentError, match=message):
        spell_out(words, VERBS)
