"""What an index is made of, in numbers: whoever changes one of these things raises its number.

An index says by which of them it was made (`made_by`). One that was made otherwise is not read: it
would answer differently from a fresh one, and call itself up to date. It is made anew from git and
the cache of vectors where it is one user's, and refused with the way out where others share it.

`tests/test_golden.py` fails when what a number stands for changes and the number does not, and says
which one to raise. Nothing of the program is imported here but the weights, which are part of it.
"""

from __future__ import annotations

from pyrite_backends.port.scoring import WEIGHTS

LAYOUT = 8
"""Tables, columns, indexes, names of settings, and what only one engine has: FTS5's own settings,
the bits of vectors."""

PARSER = 6
"""From the bytes of a file to its entry: frontmatter, links, chunks, texts that are embedded."""

RULES = 2
"""What is found wrong with an entry by the `types:` of a KB."""

TOKENS = 4
"""From text to the tokens it is found by, names from code in it included."""

FULLTEXT = 3
"""Which texts of an entry stand in which field of full text, and how an engine is given them."""

VECTORS = 1
"""How a text becomes a vector, besides the model's own files. Part of a model's fingerprint, and so
of the name of its cache."""

DIGEST = 1
"""What a digest is over."""

EXPORT = 1
"""The file that a cache of vectors is carried in. Another one is refused."""

_LONGEST = 40
"""Characters of what is said of one thing."""

_NUMBERS = {
    "layout": LAYOUT,
    "parser": PARSER,
    "rules": RULES,
    "tokens": TOKENS,
    "fulltext": FULLTEXT,
}


def made_by(tokens: str) -> str:
    """What decides the rows of an index besides its sources and their configuration.

    The weights of full text are among it. An engine that is told them with each query would not
    need that; on the other they are in the rows.

    Args:
        tokens: The fingerprint of the tokenisation: `name=value`, with spaces between.
    """
    numbers = " ".join(f"{name}={number}" for name, number in _NUMBERS.items())
    return f"{numbers} weights={','.join(map(str, WEIGHTS))} {tokens}"


def is_newer(held: str, own: str) -> bool:
    """Whether an index was made by a later version of the program: one of its numbers is higher.

    Args:
        held: What the index says.
        own: `made_by` of this version.
    """
    has, wants = _read(held), _read(own)
    numbers = [name for name in _NUMBERS if has.get(name, "").isdecimal()]
    return any(int(has[name]) > int(wants[name]) for name in numbers)


def differences(held: str, own: str) -> str:
    """How an index was made otherwise, for people: such as `(tokens 2, here 3)`; empty when it does
    not say.

    Args:
        held: What the index says.
        own: `made_by` of this version.
    """
    has, wants = _read(held), _read(own)
    names = [name for name in wants if has.get(name, wants[name]) != wants[name]]
    said = (f"{name} {has[name]}, here {wants[name]}" for name in names)
    return f"({'; '.join(said)})" if names else ""


def _read(made: str) -> dict[str, str]:
    """What an index says, by name; what no version of ours would say is left out, for the file may
    be anybody's and errors repeat it."""
    pairs = (part.partition("=") for part in made.split())
    return {name: value for name, _, value in pairs if value and _is_plain(value)}


def _is_plain(value: str) -> bool:
    return len(value) <= _LONGEST and value.isascii() and value.isprintable()
