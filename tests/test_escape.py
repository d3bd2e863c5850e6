"""Text that somebody else wrote does nothing where it is printed."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyrite_cli import render
from pyrite_cli.core.git.paths import decode_path, encode_path, typed_path
from pyrite_cli.core.text import escape
from tests.conftest import ROOT, Repo

ODD = (
    "\0\x07\x08\t\n\v\f\r\x1b\x7f\x80\x85\x90\x9b\x9d\u2028\u2029\u202a\u202e\u2066\u2069\ufff9"
    "\U000e0001\U000e0065\ud800\udc1b\udcff[]0;m8\\\"'%:#a \u200d\u200b\u00e9"
)
TEXT = st.text(alphabet=st.one_of(st.sampled_from(ODD), st.characters(codec=None)))
SEEN = {"Cc": "\t", "Cs": "", "Zl": "", "Zp": ""}
"""Of such characters, those that a line may have."""


def is_tame(text: str) -> bool:
    """Whether text is one line that steers and turns nothing."""
    turns = re.search("[\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]", text)
    return not turns and all(
        char in SEEN.get(unicodedata.category(char), char) for char in text
    )  # fmt: skip


@given(TEXT)
@example("a\r\nb\x1b[31mc\x1b]8;;x\x1b\\\u202ed\ud83d")
def test_a_line_is_one_line_and_does_nothing(text: str) -> None:
    shown = escape.line(text)
    assert is_tame(shown)
    assert len(shown.splitlines()) < 2
    assert escape.line(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
        "\u2764\ufe0f",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland
        "نامه\u200cای",
        "\u200fעברית\u200e",
        "a\tb\u00a0c\u200bd",
    ],
)
def test_what_scripts_and_emoji_need_stays(text: str) -> None:
    assert escape.line(text) == text
    assert escape.path(text.replace("\t", " ")) == text.replace("\t", " ")
    assert escape.json(json.dumps(text, ensure_ascii=False)) == json.dumps(text, ensure_ascii=False)


def test_tags_that_spell_no_flag_go() -> None:
    assert escape.line("a\U000e0068\U000e0069\U000e007f b") == "a b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a b"),
        ("a\r\nb", "a b"),
        ("a\rb\x85c\u2028d", "a b c d"),
        ("x \x1b[8mhid", "x hid"),
        ("x\x1b]0;owned\x07", "x]0;owned"),
        ("a\x08\x08b", "ab"),
        ("\udc1b[8ma", "\\udc1b[8ma"),
        ("exe.\u202efdp", "exe.fdp"),
    ],
)
def test_a_line_says_what_is_there(text: str, shown: str) -> None:
    assert escape.line(text) == shown


def test_only_the_program_has_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    own = render.style("a\nb\udc1b[8m\x1b[8m", bold=True)
    assert escape.line(own).replace(escape.COLOUR, "~") == "~[1ma b\\udc1b[8m~[0m"
    assert escape.COLOUR.encode(errors="surrogatepass") != (b"\x1b" + bytes(6))


@given(TEXT)
@example("a\n")
@example("::error")
@example("a##[b")
@example("\\udc5cudcff")
def test_a_path_is_one_line_and_is_read_back(name: str) -> None:
    said = "".join(char for char in name if not "\ud800" <= char <= "\udfff")
    shown = escape.path(said)
    assert is_tame(shown)
    assert "\t" not in shown
    assert (shown == said) != shown.startswith('"')
    assert not shown.startswith("::")
    assert "##[" not in shown
    typed = typed_path(shown)
    assert typed == said or encode_path(typed) == encode_path(said)


@given(st.binary(max_size=20).filter(lambda name: b"\0" not in name))
def test_any_bytes_are_a_path_that_is_read_back(name: bytes) -> None:
    text = decode_path(name)
    assert is_tame(escape.path(text))
    assert encode_path(typed_path(escape.path(text))) == name


def test_a_path_is_quoted_as_git_does(repo: Repo) -> None:
    names = [
        b"a\nb", b'q"uote', b"back\\slash", b"t\tab", b"bel\x07\x08\x0b\x0c\r", b"esc\x1b",
        b"del\x7f", "é".encode(), b"bytes\xff", b"sp ace", b"colon:", b"- dash",
    ]  # fmt: skip
    for name in names:
        Path(os.fsdecode(os.fsencode(repo.root) + b"/" + name)).write_text("x")
    status = subprocess.run(
        ["git", "-c", "core.quotePath=false", "ls-files", "-o"],
        cwd=repo.root, capture_output=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    shown = {escape.path(decode_path(name)) for name in names}
    known = {line.decode() for line in status if b"\xff" not in line}
    assert known <= shown
    assert shown - known == {'"bytes\\377"'}


@given(TEXT)
def test_json_says_the_same_and_does_nothing(text: str) -> None:
    written = json.dumps({text: [text]}, ensure_ascii=False, indent=1)
    shown = escape.json(written)
    assert json.loads(shown) == json.loads(json.dumps({text: [text]}))
    assert is_tame(shown.replace("\n", " "))
    inert = escape.inert_json(shown)
    assert json.loads(inert) == json.loads(shown)
    assert "##[" not in inert


@given(TEXT)
@example("%0A::error::a")
@example("a,b:c\r\n::d")
def test_a_part_of_an_annotation_ends_no_sooner(text: str) -> None:
    for part in (escape.message(text), escape.value(text)):
        assert is_tame(part)
    assert not set(":,") & set(escape.value(text))


IGNORED = "\u200d\u00ad\ufe0f\u2060\U000e0101 \u00a0\t"


@given(st.text(alphabet=f"{IGNORED}:#[vsoteamciy]ab", max_size=12))
@example("::error::x")
@example(" \u200d:\u00ad:add-mask::x")
@example(":::tip")
@example("a ##[set-output name=x]y")
@example("###[a]##vso[b]")
def test_no_service_obeys_a_line(text: str) -> None:
    shown = escape.inert(text)
    heard = "".join(char for char in shown if char not in IGNORED)
    assert not heard.startswith("::")
    assert not re.search(r"##(vso|teamcity)?\[", heard)
    assert shown.replace("\\", "") == text


def test_a_coloured_line_is_no_command_either() -> None:
    assert escape.inert(f"{escape.COLOUR}[1m::x") == f"{escape.COLOUR}[1m\\::x"


def test_what_no_service_reads_stays() -> None:
    for text in ("a :: b", "# [a]", "## [a]", ": :", "http://[::1]/"):
        assert escape.inert(text) == text


PRINTS = {"print", "echo", "secho", "pprint", "print_exception", "print_exc", "print_help"}
STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}


def prints(code: str) -> list[int]:
    """The lines of a program that print by themselves."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            called = node.func
            name = getattr(called, "id", getattr(called, "attr", ""))
            of = getattr(called, "value", None)
            if isinstance(of, ast.Attribute) and of.attr == "buffer":
                of = of.value
            to_stream = isinstance(of, ast.Attribute) and of.attr in STREAMS
            writes = to_stream and name in ("write", "writelines")
            raw = name == "write" and [getattr(a, "value", 0) for a in node.args[:1]] in ([1], [2])
            if name in PRINTS or writes or raw or name == "Console":
                found.append(node.lineno)
    return found


def test_nothing_prints_but_the_one_module_that_escapes() -> None:
    assert prints("import sys, os\nprint(1)\nsys.stderr.write('')\nos.write(2, b'')\na.echo()") == [
        2, 3, 4, 5,
    ]  # fmt: skip
    found = {
        f"{file.relative_to(ROOT)}:{line}"
        for room in ("pyrite_cli", "backends", "schemas")
        for file in sorted((ROOT / room).rglob("*.py"))
        if file != Path(render.__file__)
        for line in prints(file.read_text())
    }
    assert not found
