"""From the bytes of a file to its text; survives any bytes."""

from __future__ import annotations

import codecs

from pyrite_schemas.entry import Diagnostic

_CONTROLS = bytes((*range(9), *range(14, 27), *range(28, 32), 127))
_SAMPLE = 8192
_FEW = 64
"""Bytes of a file that is text, whatever they are."""
_BROKEN, _WHOLE = 1 / 20, 1 / 4
"""Shares of control characters that no text has: one that is no UTF-8, and one that is. Compressed
data has a ninth."""


def is_binary(data: bytes) -> bool:
    """Whether a file is no text: many control characters, which no encoding of text has."""
    sample = data[:_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls <= len(sample) * _BROKEN or len(sample) < _FEW or utf16(data):
        return False
    if controls > len(sample) * _WHOLE:
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def utf16(data: bytes) -> str:
    """Which UTF-16 a file is in, by its byte order mark or, without one, by the zeros in every
    second byte; empty when it is in none."""
    if data.startswith(_BOMS):
        return "utf-16"
    sample = data[:_SAMPLE]
    if b"\0" not in sample:
        return ""
    least, most = len(sample) * 3 // 8, len(sample) // 20
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sample[first::2].count(0) > least and sample[1 - first :: 2].count(0) <= most:
            return name
    return ""


def decode(path: str, data: bytes) -> tuple[str, list[Diagnostic]]:
    r"""The text of a file with `\n` line ends, no BOM, no NUL, and what had to be done for it."""
    diagnostics = []
    wide = utf16(data)
    try:
        text = data.decode(wide or "utf-8")
        if wide and not data.startswith(_BOMS):
            message = f"{wide.upper()} without a byte order mark; save it as UTF-8"
            diagnostics.append(Diagnostic(path, 1, "encoding", message))
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(wide or "latin-1")
        line = before.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
        # A byte order mark says what the rest was meant to be, and so do zeros.
        known = wide or ("utf-8" if data.startswith(codecs.BOM_UTF8) else "")
        text = data.decode(known or "latin-1", errors="replace")
        read = "broken bytes indexed as U+FFFD" if known else "read as Latin-1"
        message = f"not {known.upper() or 'UTF-8'} (byte 0x{data[error.start]:02x}); {read}"
        diagnostics.append(Diagnostic(path, line, "encoding", message))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        message = f"{text.count(chr(0))} NUL characters, indexed as U+FFFD"
        diagnostics.append(Diagnostic(path, line, "nul", message))
        text = text.replace("\0", "\ufffd")
    return text.removeprefix("\ufeff"), diagnostics
