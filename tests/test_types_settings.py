"""`types:` of a `pyrite.yaml`: what it can say, and where it says something wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyrite_cli.core.config import settings
from pyrite_cli.core.entry import rules
from pyrite_schemas.errors import ConfigError
from tests.rules import DECISION, rules_of

HEAD = "kbs:\n  - name: kb\n"


def read(folder: Path, text: str) -> rules.Rules | None:
    file = folder / "pyrite.yaml"
    file.write_text(text)
    return rules.of(settings.read(file).kbs[0])


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("    types: [a]\n", 3, "`types` must be names of types", "such as"),
        ("    typs: {}\n", 3, "unknown key `typs`", "did you mean `types`?"),
        ("    strict: true\n", 3, "`strict` means nothing without `types`", "say which"),
        ("    types: {a: b}\n", 3, "`a` must have keys and values", "`required:`"),
        ("    types:\n      yes:\n", 3, "`true` can't be a type", "put it in quotes"),
        ("    types:\n      a:\n        requird: {}\n", 5, "unknown key `requird`",
         "did you mean `required`?"),
        ("    types:\n      a:\n        required:\n", 5, "`required` is empty", "name fields"),
        ("    types:\n      a:\n        required: x\n", 5, "`required` must name fields",
         "such as"),
        ("    types:\n      a:\n        required:\n          x: strng\n", 6,
         "unknown kind `strng`", "did you mean `string`?"),
        ("    types:\n      a:\n        required:\n          x: enum\n", 6,
         "`enum` needs values", "such as `{enum: [open, closed]}`"),
        ("    types:\n      a:\n        required:\n          x: [a, b]\n", 6,
         "`['a', 'b']` is no kind of field", "such as"),
        ("    types:\n      a:\n        optional:\n          x: {enm: [a]}\n", 6,
         "unknown key `enm`", "did you mean `enum`?"),
        ("    types:\n      a:\n        optional:\n          x: {}\n", 6,
         "it does not say which kind it is", "such as"),
        ("    types:\n      a:\n        optional:\n          x: {enum: [a], kind: date}\n", 6,
         "`kind` and `enum` exclude each other", "such as"),
        ("    types:\n      a:\n        optional:\n          x: {enum: []}\n", 6,
         "`enum` must list values", "such as"),
        (("    types:\n      a:\n        optional:\n          x:\n            enum:\n"
         "              - b\n              - 2024-01-01\n"), 9,
         "`2024-01-01` can't be one of the values", "put it in quotes"),
        ("    types:\n      a:\n        optional:\n          x: {enum: [b, b]}\n", 6,
         "`b` is there twice", "remove one"),
        ("    types:\n      a:\n        optional:\n          x: {list: {list: string}}\n", 6,
         "a list of lists can't be checked", "use `{list: any}`"),
        ("    types:\n      a:\n        optional:\n          x: {list: strng}\n", 6,
         "unknown kind `strng`", "did you mean `string`?"),
        ("    types:\n      alpha:\n        optional:\n          x: {entry: alpa}\n", 6,
         "there is no type `alpa`", "did you mean `alpha`?"),
        ("    types:\n      alpha:\n        optional:\n          x: {entry: zzz}\n", 6,
         "there is no type `zzz`", "declare it, if only as `zzz:`"),
        ("    types:\n      a:\n        optional:\n          x: {kind: date, description: 3}\n", 6,
         "`description` must be text", "put it in quotes"),
        ("    types:\n      a:\n      A:\n", 5, "`A` and `a` are one type", "remove one"),
        ("    types:\n      a:\n        required: [x]\n        optional:\n          X: date\n", 7,
         "`X` can't be both required and optional", "remove one"),
        ("    types:\n      a:\n        optional:\n          3: date\n", 5,
         "`3` can't be a field", "put it in quotes"),
        ("    strict: maybe\n", 3, "`kbs[0].strict` must be true or false", ""),
    ],
)  # fmt: skip
def test_a_wrong_declaration_is_an_error_with_its_line(
    tmp_path: Path, text: str, line: int, message: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, HEAD + text)
    where, _, said = caught.value.message.partition(": ")
    assert where == f"{tmp_path / 'pyrite.yaml'}:{line}"
    assert said.startswith(message)
    assert caught.value.hint.startswith(hint)


def test_short_and_long_forms_say_the_same() -> None:
    short = rules_of("a:\n  required: [x]\n  optional: {y: date, z: {list: string}, e: entry}")
    long = rules_of(
        "a:\n  description: An a.\n  required:\n    x: {kind: any, description: An x.}\n"
        "  optional:\n    y: {kind: date}\n    z: {list: {kind: string}, description: Some.}\n"
        "    e: {kind: entry}\n"
    )
    assert short.fingerprint == long.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        DECISION.replace("accepted", "agreed"),
        DECISION.replace("cost: number", "cost: string"),
        DECISION.replace("{entry: decision}", "{entry: person}"),
        DECISION.replace("{list: string}", "{list: any}"),
        DECISION.replace(", owner: string", ""),
        f"{DECISION}\nplace:",
    ],
)
def test_other_rules_have_another_fingerprint(other: str) -> None:
    assert rules_of(other).fingerprint != rules_of(DECISION).fingerprint


def test_strictness_is_part_of_the_fingerprint() -> None:
    assert rules_of(DECISION, strict=True).fingerprint != rules_of(DECISION).fingerprint


def test_a_kb_without_types_has_no_rules(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD) is None
    assert read(tmp_path, f"{HEAD}    types: {{}}\n    strict: false\n") is None


def test_a_type_of_another_kb_may_be_meant(tmp_path: Path) -> None:
    text = f"{HEAD}    types: {{a: {{optional: {{x: {{entry: person}}}}}}}}\n"
    assert read(tmp_path, f"{text}  - name: people\n    types: {{person: }}\n") is not None
