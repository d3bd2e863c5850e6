"""Finding and reading `pyrite.yaml`."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_type_hints

import msgspec

from pyrite_cli.core.config.home import user_cache
from pyrite_cli.core.git.paths import expanded
from pyrite_cli.core.git.repository import is_bare, top_level
from pyrite_cli.core.text.patterns import regex
from pyrite_schemas.config import (
    DEFAULT_PATH,
    CacheConfig,
    Config,
    EmbeddingConfig,
    FrontmatterConfig,
    KbConfig,
    SearchConfig,
    StateConfig,
    StorageConfig,
    TasksConfig,
)
from pyrite_schemas.errors import ConfigError

FILE_NAMES = ("pyrite.yaml", "pyrite.yml")
VARIABLE = regex(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""What stands for a variable of the environment, in `storage.url` alone."""

_URL = regex(r"[A-Za-z][A-Za-z0-9+.-]*://|[\w.-]+@[\w.-]+:")
_NAME = regex(r"[^\W_][\w.-]*")


class Project(NamedTuple):
    """A configuration and where it was found.

    Attributes:
        config: With at least one KB.
        root: The folder paths in it are relative to: that of `pyrite.yaml`, else the
            repository's top.
        file: The file itself, or None when nothing is configured.
        repository: The repository the folder lies in, if any.
    """

    config: Config
    root: Path
    file: Path | None
    repository: Path | None


def find(folder: Path, file: Path | None = None) -> Project:
    """The configuration that applies in a folder.

    Args:
        folder: Where the user is.
        file: The file to read instead of looking for one.

    Raises:
        ConfigError: There is neither a repository nor a configuration, or it isn't valid.
    """
    try:
        folder = folder.resolve()
    except FileNotFoundError as error:  # the current one, deleted
        raise ConfigError(f"the folder of {folder} is not there any more") from error
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {folder}")
    repository = top_level(folder)
    if file is None:
        file = look_up(folder, repository)
    if file is None:
        if repository is None:
            raise ConfigError(
                f"{folder} is not in a git repository and has no pyrite.yaml",
                "go to a repository, or point at one: pyrite -C FOLDER …",
            )
        return Project(_with_kb(Config(), repository), repository, None, repository)
    config = read(file)
    root = file.resolve().parent
    repository = top_level(root)
    return Project(_with_kb(config, root), root, file, repository)


def root_of(folder: Path, file: Path | None = None) -> Path | None:
    """The `root` of the project that applies in a folder, found without reading its configuration;
    None where there is neither a repository nor a configuration."""
    folder = folder.resolve()
    repository = top_level(folder)
    found = file or look_up(folder, repository)
    return found.resolve().parent if found else repository


def look_up(folder: Path, repository: Path | None) -> Path | None:
    """The configuration file that applies in a folder.

    Args:
        folder: The folder, links resolved.
        repository: The repository it lies in, above which nothing is looked for.

    Raises:
        ConfigError: It is a link that leads out of the repository.
    """
    for place in (folder, *folder.parents):
        for name in FILE_NAMES:
            if (place / name).is_file():
                _stay_inside(place / name, repository or place)
                return place / name
        if place == repository:
            return None
    return None


def _stay_inside(file: Path, folder: Path) -> None:
    """See that a configuration is no link to another project's, or to a file that is none.

    Raises:
        ConfigError: It is.
    """
    if not file.is_symlink():
        return
    leads = file.resolve()
    if not leads.is_relative_to(folder.resolve()):
        import shlex  # only where something is wrong

        raise ConfigError(
            f"{file} is a symbolic link that leads out of {folder}",
            f"to use that configuration, name it: pyrite --config {shlex.quote(str(leads))} …",
        )


def _with_kb(config: Config, root: Path) -> Config:
    """A configuration that names no KB means its own folder."""
    if config.kbs:
        return config
    name = root.name.removesuffix(".git") if is_bare(root) else root.name
    cleaned = re.sub(r"[^\w.-]+", "-", name).strip("-._") or "kb"
    return msgspec.structs.replace(config, kbs=(KbConfig(cleaned),))


def read(file: Path) -> Config:
    """Read a configuration file.

    Raises:
        ConfigError: It names the file, the line and the nearest valid key.
    """
    import yaml  # most commands run without a configuration file

    from pyrite_cli.core.entry.nesting import check_depth

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"{file} can't be read: {reason}") from error
    try:
        check_depth(text)
        data = yaml.load(text, _loader())  # noqa: S506 (a safe loader)
    except (AttributeError, LookupError, TypeError) as error:  # `!!bool x`, `!!timestamp x`
        raise ConfigError(
            f"{file}: a value is not what its tag (`!!…`) says", "leave the tag out"
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(f"{where}: {problem}", "the file must be valid YAML") from error
    if data is None:
        return Config()
    if not isinstance(data, Mapping):
        raise ConfigError(f"{file}:1: expected keys and values", "`pyrite init` writes an example")
    if any(isinstance(kb, Mapping) and kb.keys() & {"types", "strict"} for kb in _kbs(data)):
        from pyrite_cli.core.config import declaration  # only with types

        try:
            declaration.check(data)
        except declaration.Misdeclared as error:
            where = f"{file}:{line_of(text, error.steps)}"
            raise ConfigError(f"{where}: {error.message}", error.hint) from error
    try:
        config = msgspec.convert(data, Config)
    except msgspec.ValidationError as error:
        raise _explain(file, text, str(error)) from error
    _check(file, text, config)
    if config.storage.path == DEFAULT_PATH:  # written out, it is the default all the same
        storage = msgspec.structs.replace(config.storage, path=None)
        config = msgspec.structs.replace(config, storage=storage)
    return config


def _loader() -> Any:
    """What reads YAML: libyaml where there is one. The two don't agree on every text."""
    import yaml  # see `read`

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _kbs(data: Mapping[Any, Any]) -> list[Any]:
    kbs = data.get("kbs")
    return kbs if isinstance(kbs, list) else []


_SECTIONS: dict[str, type[msgspec.Struct]] = {
    "": Config,
    "kbs": KbConfig,
    "storage": StorageConfig,
    "state": StateConfig,
    "tasks": TasksConfig,
    "embedding": EmbeddingConfig,
    "cache": CacheConfig,
    "search": SearchConfig,
    "frontmatter": FrontmatterConfig,
}


def _explain(file: Path, text: str, problem: str) -> ConfigError:
    """The words of msgspec with a line and the nearest valid key."""
    message, _, place = problem.partition(" - at `$")
    steps: list[str | int] = [
        int(index) if index else name for name, index in re.findall(r"\.([\w-]+)|\[(\d+)\]", place)
    ]
    unknown = re.search(r"unknown field `([^`]*)`", message)
    if unknown:
        key = unknown.group(1)
        section = next((step for step in steps if isinstance(step, str)), "")
        valid = _SECTIONS[section].__struct_fields__
        hint = _near(key, valid) or f"valid keys: {', '.join(valid)}"
        return ConfigError(f"{file}:{line_of(text, [*steps, key])}: unknown key `{key}`", hint)
    missing = re.search(r"missing required field `([^`]*)`", message)
    if missing:
        what = f"`{missing.group(1)}` is missing"
        return ConfigError(f"{file}:{line_of(text, steps)}: {what}", "every KB needs a name")
    name = dotted(steps)
    where = f"{file}:{line_of(text, steps)}"
    literal = re.fullmatch(r"Invalid enum value (.*)", message)
    if literal:
        known = _values(steps)
        said = literal.group(1).strip("'")
        hint = _near(said, known) or f"it can be {' or '.join(known)}"
        return ConfigError(f"{where}: `{name}` can't be `{said}`", hint)
    expected = re.fullmatch(r"Expected `([^`]*)`, got `([^`]*)`", message)
    if expected:
        wanted, got = (
            " or ".join(_KINDS.get(kind, kind) for kind in one.split(" | ") if kind != "null")
            for one in expected.groups()
        )
        hint = "put it in quotes" if wanted == _KINDS["str"] else "`pyrite init` writes an example"
        return ConfigError(f"{where}: `{name}` must be {wanted}, not {got or 'nothing'}", hint)
    said = message[:1].lower() + message[1:]
    return ConfigError(f"{where}: `{name}`: {said}", "`pyrite init` writes an example")


def _near(said: str, known: Sequence[str]) -> str:
    from pyrite_cli.core.text import spelling  # only where something is wrong

    return spelling.meant(spelling.nearest(said, known), "`{}`")


_KINDS = {
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "keys and values",
    "date": "a date",
    "datetime": "a date",
}


def dotted(steps: Sequence[str | int]) -> str:
    """`kbs[0].include`, as people write a place in a file."""
    name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return name.removeprefix(".")


def _values(steps: Sequence[str | int]) -> list[str]:
    """The values a place in the configuration may have, when they are a few words."""
    kind: Any = Config
    for step in steps:
        kind = get_args(kind)[0] if isinstance(step, int) else get_type_hints(kind)[step]
    return [str(value) for value in get_args(kind)]


@functools.lru_cache(maxsize=1)
def _composed(text: str) -> Any:
    """A YAML text as nodes, which know their lines; of one text many lines may be asked."""
    import yaml  # see `read`

    return yaml.compose(text, _loader())


def line_of(text: str, steps: Sequence[str | int]) -> int:
    """The 1-based line of a value in a YAML text."""
    import yaml  # see `read`

    node = _composed(text)
    line = 1
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == step:
                    line, node = key.start_mark.line + 1, value
                    break
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def _check(file: Path, text: str, config: Config) -> None:
    """What types can't say."""
    from pyrite_cli.core.git.globs import glob  # only with a configuration file
    from pyrite_cli.core.text.tokens import languages

    seen = set()
    for index, kb in enumerate(config.kbs):
        if not _NAME.fullmatch(kb.name):
            line = line_of(text, ["kbs", index, "name"])
            raise ConfigError(
                f"{file}:{line}: `{kb.name}` can't be the name of a KB",
                "use letters, digits, `-`, `_` and `.`",
            )
        if kb.name in seen:
            line = line_of(text, ["kbs", index, "name"])
            raise ConfigError(f"{file}:{line}: two KBs are called `{kb.name}`", "rename one")
        seen.add(kb.name)
        if kb.repo and _URL.match(kb.repo):
            line = line_of(text, ["kbs", index, "repo"])
            url = re.sub(r"(?<=//)[^/]*@", "", kb.repo)
            raise ConfigError(
                f"{file}:{line}: `repo` can't be a URL: {url}",
                "clone it first, then name the clone: git clone --mirror URL ../NAME.git",
            )
        for key in ("include", "exclude"):
            for number, pattern in enumerate(getattr(kb, key)):
                try:
                    re.compile(glob(pattern))
                except (re.error, OverflowError, RecursionError) as error:
                    line = line_of(text, ["kbs", index, key, number])
                    raise ConfigError(
                        f"{file}:{line}: `{pattern}` is no pattern: {error}",
                        "`*`, `**/`, `?` and `[a-z]` stand for parts of a path",
                    ) from error
    if config.search.language not in languages():
        line = line_of(text, ["search", "language"])
        said = config.search.language
        hint = _near(said, languages()) or f"one of {', '.join(languages())}"
        raise ConfigError(f"{file}:{line}: unknown language `{said}`", hint)


def database_url(config: Config, file: Path | None) -> tuple[str, bool]:
    """The URL of a database backend, variables filled in, and whether all of it is of the user's
    own environment.

    Raises:
        ConfigError: There is none, or a variable is not set.
    """
    url = config.storage.url
    if not url:
        found = os.environ.get("PYRITE_DATABASE_URL") or os.environ.get("DATABASE_URL")
        if not found:
            raise ConfigError(
                f"{_where(file, 'backend')}: postgres needs a server",
                "set `storage.url`, or DATABASE_URL in the environment",
            )
        return found, True

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            raise ConfigError(
                f"{_where(file, 'url')}: the variable {name} in `storage.url` is not set",
                f"export {name}=…",
            )
        return os.environ[name]

    return VARIABLE.sub(value, url), VARIABLE.fullmatch(url.strip()) is not None


def _where(file: Path | None, key: str) -> str:
    """File and line of a storage setting."""
    return f"{file}:{line_of(file.read_text(), ['storage', key])}" if file else "the configuration"


def cache_folder(config: Config, root: Path) -> Path:
    """Where embeddings and exported models are kept."""
    if config.cache.path and not os.environ.get("PYRITE_CACHE_DIR"):
        return (root / expanded(config.cache.path)).resolve()
    return user_cache()
