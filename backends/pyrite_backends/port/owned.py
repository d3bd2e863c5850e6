"""What this user's Pyrite made, told from whatever else lies in its place.

A clone may bring an index, a cache or a lock of its own, and SQLite believes what it opens: a
journal beside a database can delete files. So a file counts as ours only when the stamp beside it
proves it before it is opened: a keyed hash of where it lies, whose key is in the user's data
folder, which no clone can read or reach.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

from pyrite_schemas.errors import StorageError

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by the end of its name."""

_STAMP = ".stamp"
_KEY_BYTES = 32
_MOST_ASIDE = 999
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_CAREFULLY = (
    getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
)


def data_folder() -> Path:
    """Where what is this user's alone is kept: PYRITE_DATA_DIR, else the system's place for data.

    `platformdirs` knows it too, and takes 10 ms to import, which a search has not.
    """
    named = os.environ.get("PYRITE_DATA_DIR")
    if named:
        return Path(named).expanduser().resolve()
    base = Path(os.environ.get("XDG_DATA_HOME", ""))
    if base.is_absolute() and sys.platform != "darwin":
        return base / "pyrite"
    mac = "~/Library/Application Support/pyrite"
    try:
        return Path(mac if sys.platform == "darwin" else "~/.local/share/pyrite").expanduser()
    except RuntimeError:  # a user without a home
        return _temporary()


def _temporary() -> Path:
    """A folder for as long as the machine runs, of which `_is_private` tells whose it is."""
    return Path(os.environ.get("TMPDIR", "/tmp"), f"pyrite-{os.geteuid()}")  # noqa: S108


def _is_private(folder: Path) -> bool:
    """Whether a folder is this user's and nobody else can look into it."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    mine = found.st_uid == os.geteuid() and not found.st_mode & _OTHERS
    return stat.S_ISDIR(found.st_mode) and mine


def make_folder(folder: Path, *, ours: bool = True) -> None:
    """A folder, and those above it that are not there: made for this user alone.

    Args:
        folder: The folder.
        ours: Whether nobody else has anything in it, by its name: then others lose it even where
            they could read it before.

    Raises:
        OSError: It can't be made.
    """
    for one in (*reversed(folder.parents), folder):
        if not one.is_dir():
            one.mkdir(mode=0o700, exist_ok=True)
    if ours:
        tighten(folder)


def tighten(path: Path) -> None:
    """Take from others what a generous umask, or a version before this one, left them."""
    with contextlib.suppress(OSError):
        found = path.lstat()
        if found.st_mode & _OTHERS and not stat.S_ISLNK(found.st_mode):
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)


def opened(path: Path, flags: int) -> int:
    """The handle of a file of ours, made for this user alone where it is not there.

    Args:
        path: The file; a symbolic link is not followed, and a pipe not waited for.
        flags: As for `os.open`.

    Raises:
        OSError: It can't be opened, or is a link or no file.
    """
    handle = os.open(path, flags | _CAREFULLY, 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no file", str(path))
    return handle


def read(path: Path) -> bytes:
    """The first kilobytes of a small file of ours.

    Raises:
        OSError: It can't be read, or is a link.
    """
    handle = opened(path, os.O_RDONLY)
    try:
        return os.read(handle, 1 << 16)
    finally:
        os.close(handle)


def ignore_in_git(folder: Path) -> None:
    """Let a folder ignore itself in git.

    Raises:
        OSError: It can't be written, or what has its name is a link.
    """
    ignore = folder / ".gitignore"
    # An empty one is of a process that was killed there, or of a disk that was full.
    handle = opened(ignore, os.O_RDWR | os.O_CREAT)
    try:
        if not os.fstat(handle).st_size:
            os.write(handle, b"*\n")
    finally:
        os.close(handle)


def is_ours(path: Path) -> bool:
    """Whether this user's Pyrite made the database in this place; it is not opened for that.

    Neither it nor what SQLite keeps beside it may be a link, a pipe or a folder.
    """
    # `is_plain` comes last: once it has made all modes the same, nothing tells who made a file.
    return not _is_replaced(path) and is_stamped(path) and is_plain(path)


def is_plain(path: Path) -> bool:
    """Whether a database and what SQLite keeps beside it are files, none a link, a pipe or a
    folder. What others could read of them they can't from here on."""
    for end in ("", *BESIDE):
        try:
            found = os.lstat(f"{path}{end}")
        except OSError:
            if not end:
                return False
        else:
            if not stat.S_ISREG(found.st_mode):
                return False
            if found.st_mode & _OTHERS:
                tighten(Path(f"{path}{end}"))
    return True


def _is_replaced(path: Path) -> bool:
    """Whether somebody else made a database anew, or something beside it, since it was stamped: a
    commit that was pulled and taken back leaves its files, which others may read. Ours are as the
    stamp is, also where a disk knows no modes."""
    try:
        kept = ~os.lstat(beside(path)).st_mode & _OTHERS
    except OSError:
        return False  # it has no stamp
    for end in ("", *BESIDE):
        with contextlib.suppress(OSError):
            if os.lstat(f"{path}{end}").st_mode & kept:
                return True
    return False


def is_stamped(path: Path) -> bool:
    """Whether the stamp beside a file is ours and of this place."""
    try:
        key = _key(_key_files())
        return any(mark in _marks(path, key) for mark in read(beside(path)).splitlines())
    except OSError:
        return False


def stamp(path: Path) -> None:
    """Put a stamp beside a file.

    Raises:
        OSError: It can't be written.
    """
    marks = _marks(path, _made_key())
    stamped = beside(path)
    stamped.unlink(missing_ok=True)
    _write_new(stamped, b"".join(mark + b"\n" for mark in marks))


def beside(path: Path) -> Path:
    """Where the stamp of a file is."""
    return Path(f"{path}{_STAMP}")


def make_file(path: Path) -> None:
    """An empty file that this user alone reads.

    Raises:
        OSError: There is something already, or it can't be written.
    """
    _write_new(path, b"")


def drop_beside(path: Path) -> None:
    """Remove what SQLite kept beside a database that is gone.

    Raises:
        OSError: It can't be removed.
    """
    for end in BESIDE:
        Path(f"{path}{end}").unlink(missing_ok=True)


def claim(path: Path) -> None:
    """Stamp the place of a database that is about to be made, and make it an empty file that this
    user alone reads.

    The stamp comes first: of a process that is killed in between, a stamp without a database is
    left, which proves nothing.

    Raises:
        StorageError: There is something already, or it can't be written.
    """
    try:
        stamp(path)
        make_file(path)
        stamp(path)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
        raise StorageError(
            f"{error.filename or path} can't be written: {error.strerror}",
            "make room there"
            if full
            else "set `storage.path` in pyrite.yaml, or PYRITE_DATA_DIR to a folder of your own",
        ) from error


def set_aside(path: Path) -> Path:
    """Move a database that is not ours, with whatever lies beside it, into a new folder next to it.

    Returns:
        That folder.

    Raises:
        OSError: It can't be moved.
    """
    number = 1
    while True:
        folder = path.with_name(f"aside-{number}")
        try:
            folder.mkdir(mode=0o700)
            break
        except FileExistsError:  # a link, for one, which would lead elsewhere
            if number == _MOST_ASIDE:
                raise
            number += 1
    for end in (*BESIDE, _STAMP, ""):  # the database last: one that is left has no journal
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{end}").rename(folder / f"{path.name}{end}")
    return folder


def _marks(path: Path, key: bytes) -> list[bytes]:
    """What proves a file, each alone: where it lies, by its folder's real path, and which file it
    is, by its number in the file system. So a folder may be moved, and a file system that numbers
    its files anew each time, as some over a network do, is no obstacle."""
    if len(key) != _KEY_BYTES:
        return []
    said = [os.fsencode(f"path {os.path.realpath(path.parent)}/{path.name}")]
    with contextlib.suppress(OSError):
        said.append(os.fsencode(f"file {os.lstat(path).st_ino} {path.name}"))
    return [_keyed_hash(key, one).encode() for one in said]


def _keyed_hash(key: bytes, data: bytes) -> str:
    """BLAKE2b with a key (RFC 7693), in 32 hexadecimal digits. `hashlib` loads OpenSSL for it,
    which takes 4 ms."""
    try:
        from _blake2 import blake2b
    except ImportError:  # another implementation of Python
        from hashlib import blake2b
    return str(blake2b(data, key=key, digest_size=16).hexdigest())


def _key_files() -> list[Path]:
    """Where the key may be: where the data folder can't be written, as for a service without a
    home, the cache folder that the environment names is the user's own, too; and last a folder that
    lasts as long as the machine runs, unless PYRITE_DATA_DIR names one."""
    cache = os.environ.get("PYRITE_CACHE_DIR")
    folders = [data_folder(), *([Path(cache).expanduser().resolve()] if cache else [])]
    if not os.environ.get("PYRITE_DATA_DIR"):
        folders.append(_temporary())
    return [folder / "secret" for folder in folders]


def _key(files: list[Path]) -> bytes:
    """The key, or nothing where there is none yet."""
    for file in files:
        with contextlib.suppress(OSError):
            if file.parent != _temporary() or _is_private(file.parent):
                return read(file)
    return b""


def _made_key() -> bytes:
    """The key, made where there is none.

    Raises:
        OSError: It can't be.
    """
    files = _key_files()
    kept = _key(files)
    if len(kept) == _KEY_BYTES:
        return kept
    failed: OSError | None = None
    for file in files:
        try:
            make_folder(file.parent)
            if file.parent == _temporary() and not _is_private(file.parent):
                raise PermissionError(errno.EACCES, "another user made it", str(file.parent))
            draft = file.with_name(f"secret.{os.getpid()}.{os.urandom(4).hex()}")
            _write_new(draft, os.urandom(_KEY_BYTES))
            try:
                if file.exists() and file.stat().st_size != _KEY_BYTES:
                    file.unlink()  # cut off by a full disk
                os.link(draft, file)  # unlike a rename it leaves what another process just made
            except FileExistsError:
                pass
            finally:
                draft.unlink()
            return read(file)
        except OSError as error:
            failed = failed or error
    assert failed is not None
    raise failed


def _write_new(path: Path, content: bytes) -> None:
    handle = opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        if os.write(handle, content) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    except OSError:
        path.unlink()
        raise
    finally:
        os.close(handle)
