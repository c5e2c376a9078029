"""What a person typed, in the spelling that the parser takes; or, for what is not known, what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from striate.core.errors import ArgumentError, UnknownNameError, add_context, did_you_mean, unknown_name
from striate.datasets.named import NAMES

_ASSIGNMENT = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)=(.*)", re.DOTALL)


@dataclass(frozen=True)
class Vocabulary:
    """The options of one verb, as '--name': those that take a value, and those that stand alone."""

    with_value: frozenset[str]
    alone: frozenset[str]

    def all(self) -> frozenset[str]:
        """List every option of the verb."""
        return self.with_value | self.alone


def spell_out(words: list[str], verbs: Mapping[str, Vocabulary]) -> list[str]:
    """Turn `epochs=3` into `--epochs=3` and `--batch_size` into `--batch-size`.

    A word with an equals sign that is the name of a file stays the name of a file, and so does
    everything behind `--`.

    Raises:
        UnknownNameError: a verb or an option that is not known, with the nearest that are.
        ArgumentError: an option that this verb does not have, though others do.
    """
    if not words or words[0].startswith("-"):
        return _before_any_verb(words)
    verb, *rest = words
    if verb not in verbs:
        raise _unknown_verb(verb, verbs)
    known = verbs[verb]
    everywhere = frozenset().union(*(vocabulary.all() for vocabulary in verbs.values()))
    spelt = [verb]
    takes_next = False
    for place, word in enumerate(rest):
        if word == "--":
            return spelt + rest[place:]
        if takes_next:
            spelt.append(word)
            takes_next = False
            continue
        written = _option(word, verb, known, everywhere)
        spelt.append(written)
        takes_next = written in known.with_value
    return spelt


def _before_any_verb(words: list[str]) -> list[str]:
    known = ("--help", "-h", "--version")
    for word in words[:1]:
        if word not in known:
            raise unknown_name("option of striate", word, known)
    return words


def _option(word: str, verb: str, known: Vocabulary, everywhere: frozenset[str]) -> str:
    """Spell one word: an option as the parser takes it, anything else as it is."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        name = name.replace("_", "-").lower()
        if name not in known.all():
            raise _unknown_option(name, verb, known, everywhere)
        return name + equals + value
    match = _ASSIGNMENT.fullmatch(word)
    if match is None or Path(word).exists():
        return word
    name = "--" + match[1].replace("_", "-").lower()
    if name in known.with_value:
        return f"{name}={match[2]}"
    if name in everywhere or did_you_mean(name, known.all()):
        raise _unknown_option(name, verb, known, everywhere)
    return word


def _unknown_option(
    name: str, verb: str, known: Vocabulary, everywhere: frozenset[str]
) -> ArgumentError | UnknownNameError:
    if name in known.alone:
        return ArgumentError(f"{verb}: {name} stands alone and takes no value.")
    if name in everywhere:
        return ArgumentError(f"{verb} does not take {name}. It takes: {', '.join(sorted(known.all()))}.")
    error = unknown_name("option", name, known.all())
    add_context(error, verb)
    return error


def _unknown_verb(verb: str, verbs: Iterable[str]) -> UnknownNameError:
    error = unknown_name("verb", verb, verbs)
    if verb.lower().replace("-", "_") in NAMES or Path(verb).suffix == ".npz":
        error.args = (f"{error.args[0]} To train on it: striate train {verb}",)
    return error
