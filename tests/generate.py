"""Files made from the program: the command reference, JSON Schemas, SQL and its rows. `make
generate` writes them, `make test` checks that they are current."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import re
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
import typer.main
from sqlalchemy.dialects import registry

from pyrite_backends.sql import ddl, tables
from pyrite_cli.main import app
from pyrite_schemas.config import Config
from pyrite_schemas.errors import Exit
from pyrite_schemas.replies.cache import CacheExportReply, CacheImportReply, CacheReply
from pyrite_schemas.replies.check import CheckReply, TypesReply
from pyrite_schemas.replies.common import ErrorReply, Reply
from pyrite_schemas.replies.entries import EntryReply, LinksReply, ListReply, TagsReply
from pyrite_schemas.replies.evaluation import EvalReply
from pyrite_schemas.replies.hooks import HookReply, HookRunReply
from pyrite_schemas.replies.index import DigestReply, GcReply, Status, VerifyReply
from pyrite_schemas.replies.kbs import KbListReply, KbRemoveReply
from pyrite_schemas.replies.related import RelatedReply
from pyrite_schemas.replies.search import BatchFault, BatchReply, SearchReply
from pyrite_schemas.replies.setup import InitReply
from pyrite_schemas.replies.state import (
    AuditReply,
    AuditVerifyReply,
    StateImportReply,
    StateReply,
    TaskListReply,
    TaskReply,
)
from pyrite_schemas.replies.sync import SyncReport
from pyrite_schemas.replies.trust import TrustReply

ROOT = Path(__file__).parent.parent

REPLIES: dict[type[Reply], str] = {
    SyncReport: "`index sync`, `index embed`, `index rebuild`",
    Status: "`index status`",
    VerifyReply: "`index verify`",
    DigestReply: "`index digest`",
    GcReply: "`index gc`",
    SearchReply: "`search`, `semantic-search`",
    BatchReply: "`search --batch`, a line for each query",
    BatchFault: "the same, for a query that can't be answered",
    EvalReply: "`eval`",
    EntryReply: "`get`",
    ListReply: "`list`",
    TagsReply: "`tags`",
    LinksReply: "`links`",
    RelatedReply: "`related`",
    InitReply: "`init`",
    TrustReply: "`trust`",
    CheckReply: "`check`",
    TypesReply: "`schema --list`",
    KbListReply: "`kb list`",
    KbRemoveReply: "`kb remove`",
    CacheReply: "`cache stats`",
    CacheExportReply: "`cache export`",
    CacheImportReply: "`cache import`",
    HookReply: "`hook install`, `hook uninstall`, `hook status`",
    HookRunReply: "`hook run`",
    TaskListReply: "`task list`, `task ready`",
    TaskReply: "`task next`, `task claim` and all that follows, `task show`",
    AuditReply: "`audit list`, `task log`",
    AuditVerifyReply: "`audit verify`",
    StateReply: "`state status`, `state migrate`, `state backup`, `state restore`",
    StateImportReply: "`state export FILE`, `state import`",
    ErrorReply: "any command that fails",
}
"""Every reply, and what prints it."""

SHAPES: dict[str, tuple[type[msgspec.Struct], str]] = {
    "config": (Config, "`pyrite.yaml`"),
    **{reply.shape: (reply, told) for reply, told in REPLIES.items()},
}
"""Every documented JSON shape by the name of its schema, and who reads or prints it."""

_SQL_HEAD = """\
-- Generated from pyrite_backends.sql.tables: `make generate`. Reading SQL here saves importing
-- SQLAlchemy when an index is made. A test holds the two equal.

"""


_ROWS_HEAD = '''\
"""Rows of tables that {whose}, by the names of their columns.

Generated from pyrite_backends.sql.tables: `make generate`. Values are named where a row is made, so
that a column that comes, goes or moves shifts no other. A row is a plain tuple: a NamedTuple takes
five times as long to make, and a sync from nothing makes some hundred thousand.
"""

from __future__ import annotations

'''

DIALECTS = {name: registry.load(name)() for name in ("sqlite", "postgresql")}
"""Of the engines."""

_PYTHON = {
    int: "int", str: "str", bytes: "bytes", float: "float", dt.datetime: "datetime",
    object: "bytes",  # JSON, as it is sent
}  # fmt: skip


def files() -> dict[Path, str]:
    """Every generated file and its content."""
    schemas = ROOT / "schemas/pyrite_schemas"
    backends = ROOT / "backends/pyrite_backends"
    return {
        backends / "sqlite/tables.sql": _SQL_HEAD
        + ddl.statements(DIALECTS["sqlite"], references=True),
        # Looking every row's entry up again would double the time of a load.
        backends / "postgres/tables.sql": _SQL_HEAD
        + ddl.statements(DIALECTS["postgresql"], references=False),
        backends / "sql/rows.py": rows(*DIALECTS),
        backends / "sqlite/rows.py": rows("sqlite"),
        backends / "postgres/rows.py": rows("postgresql"),
        ROOT / "docs/cli.md": reference(),
        **{
            schemas / f"{name}.schema.json": json.dumps(schema(shape), indent=2) + "\n"
            for name, (shape, _) in SHAPES.items()
        },
    }


def rows(*engines: str) -> str:
    """The module that makes rows of the tables that just these engines have, or have in this way.

    Args:
        engines: All of them, or one.
    """
    made = {
        table.name: columns
        for table in tables.metadata.tables.values()
        if (columns := _columns(table, engines))
    }
    whose = "all engines have" if len(engines) > 1 else "this engine has for itself"
    parts = [_ROWS_HEAD.format(whose=whose)]
    if any("datetime" in kind for columns in made.values() for kind in columns.values()):
        parts.append("from datetime import datetime\n")
    parts.append("from typing import TYPE_CHECKING\n\n")
    parts.append("if TYPE_CHECKING:\n    from pyrite_backends.sql.statements import Row\n\n")
    parts.append("COLUMNS = {\n")
    for name, columns in made.items():
        parts += [f'    "{name}": (\n', *(f'        "{one}",\n' for one in columns), "    ),\n"]
    parts.append('}\n"""Of each table, in their order."""\n')
    for name, columns in made.items():
        parts.append(f"\n\ndef {name}(\n    *,\n")
        parts += [f"    {one}: {kind},\n" for one, kind in columns.items()]
        parts.append(f') -> Row:\n    """A row of `{name}`."""\n    return (\n')
        parts += [f"        {one},\n" for one in columns]
        parts.append("    )\n")
    return "".join(parts)


def _columns(table: sa.Table, engines: tuple[str, ...]) -> dict[str, str]:
    """A table's columns and their Python types; none when other engines have it too, or it is
    otherwise there."""
    own = any("engine" in one.info for one in (table, *table.columns))
    if own == (len(engines) > 1) or table.info.get("engine", engines[0]) not in engines:
        return {}
    found = {}
    for column in table.columns:
        if column.info.get("engine", engines[0]) in engines:
            types = [column.type.dialect_impl(DIALECTS[one]).python_type for one in engines]
            kinds = [_PYTHON[kind] for kind in types] + ["None"] * bool(column.nullable)
            found[column.name] = " | ".join(dict.fromkeys(kinds))
    return found


def schema(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of a Struct, described by its docstring."""
    found = msgspec.json.schema(shape)
    for one in _structs(shape, {}).values():
        within = found["$defs"][one.__name__]
        within["description"], about = _described(one)
        for field, value in within["properties"].items():
            if field == "schema":
                value["description"] = "The version of this shape."
            elif field in about:
                value["description"] = about[field]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


def _structs(kind: Any, known: dict[str, Any]) -> dict[str, Any]:
    """The Structs a type is made of, by name."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind.__name__ not in known:
            known[kind.__name__] = kind
            for hint in typing.get_type_hints(kind).values():
                _structs(hint, known)
    else:
        for part in typing.get_args(kind):
            _structs(part, known)
    return known


def _described(shape: type) -> tuple[str, dict[str, str]]:
    """What a docstring says of a Struct, and of each of its fields."""
    base = shape.__base__
    inherited = base is not None and base is not msgspec.Struct and issubclass(base, msgspec.Struct)
    about = _described(base)[1] if inherited and base else {}
    text = inspect.getdoc(shape) or ""
    what, _, fields = text.partition("\n\nAttributes:\n")
    name = ""
    for line in fields.splitlines():
        match = re.match(r" {4}(\w+): (.*)", line)
        if match:
            name = match[1]
            about[name] = match[2]
        elif name and line.strip():
            about[name] += f" {line.strip()}"
    return " ".join(what.split()), about


_INTRO = """\
<!-- Generated by `make generate` from the program itself; edit the help texts instead. -->

# The `pyrite` command

Data goes to stdout; progress, notes and errors go to stderr. In a pipe there is no colour and no
progress bar, and a closed pipe is no error. `NO_COLOR` and `FORCE_COLOR` are respected.

What files, names and other programs say is printed so that it does nothing: without control
characters, escape sequences, tags and what turns letters round, and with a space for a line end,
so that one line is one path, one entry, one problem. A path is in double quotes with the escapes
of C where it holds a control, a quote, a backslash or a byte that is no UTF-8, as `git status`
shows it with `core.quotePath=false`; `get`, `links` and `related` understand it so. In a job of
GitHub Actions, Azure Pipelines or TeamCity, which take commands from the output, `::` at the
beginning of a line and `##[` get a backslash (`\\::`, `#\\#[`). JSON says exactly what is there,
with escapes for what a terminal would not show.

"""

_CODES = {
    Exit.OK: "done",
    Exit.NOTHING: "nothing found (`search`, `get`, `list`, `tags`, `links`,"
    " `related`), the index differs"
    " from its source (`index verify`), a file has a problem (`check`, `--strict`), a hook"
    " does not sync (`hook install`, `hook status`), a configuration is not trusted (`trust"
    " --show`)",
    Exit.FAILED: "something is wrong with the command line, the configuration, the repository,"
    " the model or the index; one line says what, where and what to do",
    Exit.BUSY: "another sync is running (`--no-wait`)",
    Exit.INTERRUPTED: "interrupted by Ctrl-C; what was finished is kept",
}

_ENVIRONMENT = {
    "PYRITE_CACHE_DIR": "Where embeddings and exported models are kept, instead of the user's cache"
    " directory.",
    "PYRITE_TRUST": "`1`, `true` or `yes` lets any `pyrite.yaml` reach beyond its repository, as if"
    " `pyrite trust` had been run: for CI.",
    "PYRITE_DATA_DIR": "Where Pyrite keeps what is yours alone, such as what you trust, instead of"
    " the user's data directory.",
    "PYRITE_DATABASE_URL": "The server, when `storage.backend` is postgres and no url is given.",
    "DATABASE_URL": "The same, tried second.",
    "HF_HUB_OFFLINE": "`1` keeps models from being looked up on the network.",
    "ORT_DISABLE_TELEMETRY": "Pyrite sets it to `1`, or onnxruntime would record what it is used "
    "for, to send it home; `0` lets it.",
    "NO_COLOR, FORCE_COLOR": "Colour never, or also where the output is no terminal.",
}

_COMPLETION = """\
## Shell completion

`pyrite --install-completion` sets it up for the shell you are in; `pyrite --show-completion`
prints the script instead. Open a new shell afterwards.

"""


def reference() -> str:
    """The command reference in Markdown."""
    program = typer.main.get_command(app)
    commands = list(_commands(program, "pyrite"))
    parts = [_INTRO, "| command | |\n| --- | --- |\n"]
    for name, command in commands:
        if not _children(command):
            parts.append(f"| [`{name}`](#{_anchor(name)}) | {_summary(command)} |\n")
    parts.append("\n")
    parts += [_section(name, command) for name, command in commands]
    parts.append("## Exit codes\n\n| code | |\n| --- | --- |\n")
    parts += [f"| {code.value} | {text} |\n" for code, text in _CODES.items()]
    parts.append(
        "\n## JSON\n\nEvery command prints one JSON document on stdout under `--json`. `schema` is"
        " the version of its shape: new fields may\nappear under the same number; a change that"
        " breaks readers raises it. The schemas ship with the package\n`pyrite_schemas`.\n\n"
        "| printed by | schema | fields |\n| --- | --- | --- |\n"
    )
    for name, (shape, who) in SHAPES.items():
        if name != "config":
            fields = ", ".join(f"`{field}`" for field in _field_names(shape))
            parts.append(f"| {who} | {_link(name)} | {fields} |\n")
    parts.append(
        f"\nThe configuration file has a schema too: {_link('config')}. Editors that know YAML"
        " schemas can check `pyrite.yaml` by it.\n"
    )
    parts.append("\n## Environment\n\n| variable | |\n| --- | --- |\n")
    parts += [
        f"| {', '.join(f'`{one}`' for one in name.split(', '))} | {text} |\n"
        for name, text in _ENVIRONMENT.items()
    ]
    parts.append(f"\n{_COMPLETION}")
    return "".join(parts).rstrip() + "\n"


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    yield name, command
    for child in _children(command):
        yield from _commands(command.commands[child], f"{name} {child}")


def _children(command: Any) -> list[str]:
    return list(getattr(command, "commands", ()))


def _section(name: str, command: Any) -> str:
    context = typer.Context(command, info_name=name, **command.context_settings)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    paragraphs = (command.help or "").replace("\b\n", "").strip().split("\n\n")
    text = "\n\n".join(_paragraph(one) for one in paragraphs)
    parts = [f"## {name}\n\n{text}\n\n```\n{usage}\n```\n\n"]
    rows = []
    for parameter in command.get_params(context):
        if parameter.name == "help" and name != "pyrite":
            continue
        if parameter.param_type_name == "argument":
            metavar = re.sub(r"[{}\[\]]", "", parameter.make_metavar(context))
            rows.append((f"`{metavar}`", parameter.help))
        elif (record := parameter.get_help_record(context)) is not None:
            flags, help_text = record
            rows.append((f"`{flags}`", " ".join(help_text.split())))
    if rows:
        parts.append("| argument or option | |\n| --- | --- |\n")
        parts += [f"| {flag} | {_cell(help_text)} |\n" for flag, help_text in rows]
        parts.append("\n")
    return "".join(parts)


def _paragraph(text: str) -> str:
    """A paragraph of a help text; lines that are indented are an example."""
    lines = text.splitlines()
    if all(line.startswith("  ") for line in lines):
        return "```\n" + inspect.cleandoc(text) + "\n```"
    return " ".join(line.strip() for line in lines)


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")


def _summary(command: Any) -> str:
    return " ".join((command.help or "").split("\n\n")[0].split())


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _link(name: str) -> str:
    place = f"schemas/pyrite_schemas/{name}.schema.json"
    return f"[`{name}.schema.json`](../{place})"


def _field_names(shape: type[msgspec.Struct]) -> list[str]:
    return ["schema", *shape.__struct_encode_fields__]


def main() -> int:
    """Write or check; the exit code."""
    check = "--check" in sys.argv
    stale = []
    for place, content in files().items():
        if not place.exists() or place.read_text() != content:
            stale.append(place)
            if not check:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(content)
    for place in stale:
        print(f"{'stale' if check else 'wrote'}: {place.relative_to(ROOT)}")
    if check and stale:
        print("run `make generate`")
    return int(check and bool(stale))


if __name__ == "__main__":
    raise SystemExit(main())
