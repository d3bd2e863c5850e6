"""A file is read in the encoding it is in, and what is no text is known by its bytes."""

from __future__ import annotations

import codecs
import gzip
import io
import random
import struct
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyrite_cli.core.entry import decoding
from pyrite_cli.core.entry.parse import parse
from tests.effort import examples

TEXT = "---\ntitle: Größe der Boote\ntags: [hafen]\n---\n\n# Kopf\n\nDas Boot heißt Möwe.\n"
NOISE = random.Random(4).randbytes(20_000)


def png() -> bytes:
    """A small picture."""

    def part(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 40, 40, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + NOISE[row * 120 : row * 120 + 120] for row in range(40))
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", head)
        + part(b"IDAT", zlib.compress(rows))
        + part(b"IEND", b"")
    )


def archive(method: int) -> bytes:
    """A zip file of two pages."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as file:
        for name in ("a.md", "b.md"):
            file.writestr(name, NOISE[:4000])
    return held.getvalue()


BINARY = {
    "png": png(),
    "zip": archive(zipfile.ZIP_DEFLATED),
    "stored zip": archive(zipfile.ZIP_STORED),
    "gzip": gzip.compress(NOISE),
    "random": NOISE,
    "few random": NOISE[:200],
    "zeros": bytes(5000),
    "integers": struct.pack("<900I", *range(900)),
    "floats": struct.pack("<500d", *(1 / (number + 1) for number in range(500))),
    "database": b"SQLite format 3\0"
    + struct.pack(">HBBBBBB", 4096, 1, 1, 0, 64, 32, 32)
    + bytes(900),
    "program": b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQ", 2, 62, 1, 4096, 64, 0) * 20,
    "controls": bytes(range(1, 9)) * 40,
}


@pytest.mark.parametrize("data", BINARY.values(), ids=BINARY)
def test_a_binary_file_is_known_by_its_name_alone(data: bytes) -> None:
    assert decoding.is_binary(data)
    entry = parse("boats/logo.md", "0" * 40, data, ())
    assert (entry.title, entry.title_source, entry.claim) == ("logo", "path", "boats/logo")
    assert [chunk.text for chunk in entry.chunks] == [""]
    (found,) = entry.diagnostics
    assert (found.code, found.line) == ("binary", 0)
    assert f"{len(data):,} bytes" in found.message


CONTROLLED = {
    "empty": b"",
    "one control": b"\0",
    "short": b"\1\2\3 a",
    "form feeds": b"a page\x0c\n" * 90,
    "escape codes": b"\x1b[1mbold\x1b[0m text, \x1b[32mgreen\x1b[0m\n" * 40,
    "a few zeros": b"some words and a zero\0 here\n" * 90,
    "back spaces": b"man pages write b\x08bo\x08ol\x08ld in the old way, and go on like this\n" * 9,
    "latin": "Größe der Boote, über alles. ".encode("latin-1") * 90,
    "code page": "“quoted” – dashed… ".encode("cp1252") * 90,
    "utf-8": "Größe 漢字 слово 😀 ".encode() * 90,
    "katakana": "ボートの大きさ".encode("shift-jis") * 90,
    "cut in a character": "漢字".encode()[:-1] + b" text" * 40,
}


@pytest.mark.parametrize("data", CONTROLLED.values(), ids=CONTROLLED)
def test_text_with_a_few_controls_is_text(data: bytes) -> None:
    assert not decoding.is_binary(data)
    entry = parse("a.md", "0" * 40, data, ())
    assert "binary" not in [one.code for one in entry.diagnostics]
    assert bool(data.strip(b"\0")) == bool(
        "".join(one.text for one in entry.chunks).strip("\ufffd")
    )


@pytest.mark.parametrize("code", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_utf_16_without_a_mark_is_read_and_named(code: str, ends: str) -> None:
    data = TEXT.replace("\n", ends).encode(code)
    entry = parse("a.md", "0" * 40, data, ())
    assert (entry.title, entry.tags) == ("Größe der Boote", ("hafen",))
    assert "".join(one.text for one in entry.chunks).endswith("# Kopf\n\nDas Boot heißt Möwe.\n")
    (found,) = entry.diagnostics
    assert (found.code, found.line) == ("encoding", 1)
    assert code.upper() in found.message


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
@pytest.mark.parametrize("text", [TEXT, "# Größe\n\n漢字と слово.\n"])
def test_utf_16_with_a_mark_needs_no_word(mark: bytes, text: str) -> None:
    code = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    entry = parse("a.md", "0" * 40, mark + text.encode(code), ())
    assert entry.title.startswith("Größe")
    assert entry.diagnostics == ()


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be"])
def test_half_a_character_of_utf_16_does_not_spoil_the_rest(code: str) -> None:
    entry = parse("a.md", "0" * 40, TEXT.encode(code)[:-1], ())
    assert entry.title == "Größe der Boote"
    assert entry.chunks[0].text.endswith("Das Boot heißt Möwe.\ufffd")
    (found,) = entry.diagnostics
    assert (found.code, found.line) == ("encoding", 8)
    assert f"not {code.upper()} (byte 0x" in found.message
    assert "U+FFFD" in found.message


@settings(max_examples=examples(100))
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=300))
def test_any_text_is_no_binary_file(text: str) -> None:
    assert not decoding.is_binary(text.encode())
    assert decoding.decode("a.md", text.encode()) == (text.removeprefix("\ufeff"), [])


@settings(max_examples=examples(100))
@given(
    st.text(st.characters(max_codepoint=0xFF, exclude_categories=["Cc"]), min_size=70, max_size=300)
)
def test_any_latin_text_is_read_from_utf_16(text: str) -> None:
    for code in ("utf-16-le", "utf-16-be"):
        written = f"Some plain words. {text} And some more of them, to be sure."
        assert decoding.utf16(written.encode(code)) == code
