"""What a process does, written down as it does it.

A copy of this file is the `sitecustomize` of every Python process of an attack, so it imports
nothing but the standard library. Python's audit events tell of what Python does; what SQLite does
is seen by comparing files (`world`) and, where it is installed, by `strace`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

LOG = "PYRITE_TEST_WATCH_LOG"
"""The file that events are added to; what is done before it is set is not looked at."""
ROOT = "PYRITE_TEST_WATCH_ROOT"
"""The folder in which reading is of interest, too."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    "os.chmod": 1, "os.chown": 1, "os.chflags": 1, "os.truncate": 1, "os.utime": 1,
    "os.setxattr": 1, "os.removexattr": 1, "os.remove": 1, "os.rmdir": 1, "os.mkdir": 1,
    "os.link": 2, "os.rename": 2, "os.symlink": 2,
}  # fmt: skip
"""Events, and how many of their arguments are paths; of a symbolic link the second is made."""
_FOLDER = {
    "os.remove": 1,
    "os.rmdir": 1,
    "os.mkdir": 2,
    "os.chmod": 2,
    "os.chown": 3,
    "os.utime": 3,
}
"""Where in the arguments the open folder is that a path is relative to."""
_RUNS = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn", "subprocess.Popen")
_LOADS = ("import", "ctypes.dlopen", "sqlite3.load_extension", "marshal.loads", "pickle.find_class")


def _text(value: Any) -> str:
    try:
        return os.fsdecode(value)
    except TypeError:
        return repr(value)


def _place(path: Any, folder: int = -1, *, followed: bool = True) -> str:
    """The real path of what an event names; of a relative one with a folder, below that."""
    text = _text(path)
    if folder >= 0 and not text.startswith(os.sep):
        text = os.path.join(os.path.realpath(f"/proc/self/fd/{folder}"), text)  # noqa: PTH118
    if followed:
        return os.path.realpath(text)
    head, tail = os.path.split(text)
    return os.path.join(os.path.realpath(head or "."), tail)  # noqa: PTH118


def _say(what: str, *said: str) -> None:
    place = os.environ.get(LOG)
    if place:
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(handle, (json.dumps([what, *said]) + "\n").encode())
        os.close(handle)


def _opened(path: Any, mode: Any, flags: Any) -> None:
    if isinstance(path, int):
        return
    flags = flags if isinstance(flags, int) else 0
    writes = bool(flags & _WRITES) or any(one in (mode or "") for one in "wax+")
    place = _place(path, followed=not flags & os.O_NOFOLLOW)
    root = os.environ.get(ROOT, "/nowhere")
    if place.startswith(f"{os.environ.get(LOG)}"):
        return
    if writes and not _text(path).startswith(os.sep):
        return  # perhaps of an open folder, of which the event does not tell: files are compared
    if writes:
        _say("write", place)
    elif place.startswith((f"{root}/", "/etc/")):
        _say("read", place)


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if not os.environ.get(LOG):
        return
    if event == "open":
        _opened(*arguments[:3])
    elif event in _CHANGES:
        folder = arguments[_FOLDER[event]] if event in _FOLDER else -1
        folders = (folder, folder)
        if event in ("os.rename", "os.link"):
            folders = arguments[2], arguments[3]
        if event == "os.symlink":
            folders = -1, arguments[2]
        paths = list(zip(arguments[: _CHANGES[event]], folders, strict=False))
        for path, folder in paths[1:] if event == "os.symlink" else paths:
            if not isinstance(path, int):
                _say("change", event, _place(path, folder, followed=event == "os.truncate"))
    elif event in ("os.listdir", "os.scandir"):
        if not isinstance(arguments[0], int):
            _say("list", _place(arguments[0] or "."))
    elif event in _RUNS:
        words = arguments[1] if event != "os.system" else arguments[0]
        listed = [words] if isinstance(words, str | bytes) else list(words)
        _say("run", event, *map(_text, listed))
    elif event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        _say("connect", event, repr(arguments[1] if event != "socket.getaddrinfo" else arguments))
    elif event == "import" and arguments[1]:
        _say("load", event, _place(arguments[1]))
    elif event in _LOADS and event not in ("import", "marshal.loads"):
        _say("load", event, *map(_text, arguments))


if __name__ == "sitecustomize":
    sys.addaudithook(_heard)
    # No attack waits for a model: these packages are as if they were not installed.
    for _name in ("sentence_transformers", "onnxruntime", "tokenizers"):
        sys.modules[_name] = None  # type: ignore[assignment]
