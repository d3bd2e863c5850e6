"""Whether the `types:` of a `pyrite.yaml` make sense: what is wrong, where, and what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from pyrite_cli.core.text import spelling
from pyrite_schemas.config import FieldConfig, FieldKind, TypeConfig

KINDS: tuple[str, ...] = get_args(FieldKind)
_FORMS = ("kind", "enum", "list", "entry")
_NESTED = "a list of lists can't be checked"
_EXAMPLE = "such as `owner: string`, `{enum: [a, b]}`, `{list: string}` or `{entry: person}`"

Steps = tuple[str | int, ...]


class Misdeclared(ValueError):  # noqa: N818 (caught by `settings`, which knows file and line)
    """Something in `types:` is wrong.

    Args:
        steps: The place in the configuration.
        message: What is wrong.
        hint: What to do.
    """

    def __init__(self, steps: Steps, message: str, hint: str) -> None:
        super().__init__(message)
        self.steps, self.message, self.hint = steps, message, hint


def check(data: Mapping[Any, Any]) -> None:
    """Look at the types of every KB; what has another shape than KBs is left to others.

    Args:
        data: The whole configuration, as YAML gives it.

    Raises:
        Misdeclared: The first thing that is wrong.
    """
    kbs = data.get("kbs")
    found = [
        (number, kb)
        for number, kb in enumerate(kbs if isinstance(kbs, list) else ())
        if isinstance(kb, Mapping)
    ]
    tables = [kb.get("types") for _, kb in found]
    declared = {
        name
        for types in tables
        if isinstance(types, Mapping)
        for name in types
        if isinstance(name, str)
    }
    for number, kb in found:
        steps: Steps = ("kbs", number, "types")
        types = kb.get("types")
        if types is not None and not isinstance(types, Mapping):
            raise Misdeclared(
                steps,
                "`types` must be names of types",
                "such as `types: {decision: {required: …}}`",
            )
        if kb.get("strict") is True and not types:
            raise Misdeclared(
                ("kbs", number, "strict"),
                "`strict` means nothing without `types`",
                "say which types there are, or remove it",
            )
        if types:
            _names(steps, types, "type")
            for name, given in types.items():
                _type((*steps, name), given, declared)


def _names(steps: Steps, names: Iterable[object], what: str) -> None:
    """Names must be text, and different in more than case."""
    seen: dict[str, str] = {}
    for name in names:
        if not isinstance(name, str) or not name.strip():
            raise Misdeclared(steps, f"{_shown(name)} can't be a {what}", "put it in quotes")
        if name.casefold() in seen:
            other = seen[name.casefold()]
            raise Misdeclared(
                (*steps, name),
                f"`{name}` and `{other}` are one {what}: case does not matter",
                "remove one",
            )
        seen[name.casefold()] = name


def _type(steps: Steps, given: Any, declared: set[str]) -> None:
    if given is None:
        return
    if not isinstance(given, Mapping):
        raise Misdeclared(
            steps, f"`{steps[-1]}` must have keys and values", "`required:` and `optional:`"
        )
    _keys(steps, given, TypeConfig.__struct_fields__)
    known: set[str] = set()
    for part in ("required", "optional"):
        fields = given.get(part)
        place = (*steps, part)
        if fields is None and part in given:
            raise Misdeclared(place, f"`{part}` is empty", f"name fields, or remove `{part}`")
        if isinstance(fields, str) or not isinstance(fields, Mapping | list | None):
            raise Misdeclared(place, f"`{part}` must name fields", _EXAMPLE)
        _names(place, fields or (), "field")
        for name in fields or ():
            if name.casefold() in known:
                raise Misdeclared(
                    (*place, name) if isinstance(fields, Mapping) else place,
                    f"`{name}` can't be both required and optional",
                    "remove one",
                )
            known.add(name.casefold())
            if isinstance(fields, Mapping):
                _field((*place, name), fields[name], declared)
    _text(steps, given)


def _keys(steps: Steps, given: Mapping[Any, Any], valid: Sequence[str]) -> None:
    for key in given:
        if key not in valid:
            raise Misdeclared(
                (*steps, key if isinstance(key, str) else ""),
                f"unknown key {_shown(key)}",
                _near(key, valid) or f"valid keys: {', '.join(valid)}",
            )


def _text(steps: Steps, given: Mapping[Any, Any]) -> None:
    if not isinstance(given.get("description", ""), str):
        raise Misdeclared((*steps, "description"), "`description` must be text", "put it in quotes")


def _field(steps: Steps, given: Any, declared: set[str], *, within: bool = False) -> None:
    """A field's kind, or what the values of a list are."""
    if given is None and not within:
        return
    if isinstance(given, str):
        if given not in KINDS:
            if given == "enum":
                raise Misdeclared(steps, "`enum` needs values", "such as `{enum: [open, closed]}`")
            hint = _near(given, KINDS) or f"kinds: {', '.join((*KINDS, 'enum'))}"
            raise Misdeclared(steps, f"unknown kind `{given}`", hint)
        if given == "list" and steps[-1] == "list":
            raise Misdeclared(steps, _NESTED, "use `{list: any}`")
        return
    if not isinstance(given, Mapping):
        raise Misdeclared(steps, f"{_shown(given)} is no kind of field", _EXAMPLE)
    _keys(steps, given, FieldConfig.__struct_fields__)
    forms = [key for key in _FORMS if key in given]
    if len(forms) != 1:
        said = f"{' and '.join(f'`{form}`' for form in forms)} exclude each other"
        raise Misdeclared(steps, said if forms else "it does not say which kind it is", _EXAMPLE)
    (form,) = forms
    place, value = (*steps, form), given[form]
    _text(steps, given)
    if form == "enum":
        _enum(place, value)
    elif form == "entry":
        _entry(place, value, declared)
    elif form == "list" and isinstance(value, Mapping) and "list" in value:
        raise Misdeclared(place, _NESTED, "use `{list: any}`")
    elif form == "kind" and not isinstance(value, str):
        raise Misdeclared(place, f"{_shown(value)} is no kind of field", _EXAMPLE)
    else:
        _field(place, value, declared, within=True)


def _enum(steps: Steps, values: Any) -> None:
    if not isinstance(values, list) or not values:
        raise Misdeclared(steps, "`enum` must list values", "such as `{enum: [open, closed]}`")
    for number, value in enumerate(values):
        if not isinstance(value, str | int | float):
            raise Misdeclared(
                (*steps, number), f"{_shown(value)} can't be one of the values", "put it in quotes"
            )
        if any(other == value and type(other) is type(value) for other in values[:number]):
            raise Misdeclared((*steps, number), f"{_shown(value)} is there twice", "remove one")


def _entry(steps: Steps, types: Any, declared: set[str]) -> None:
    names = types if isinstance(types, list) else [types]
    if not names or not all(isinstance(name, str) for name in names):
        raise Misdeclared(steps, "`entry` must name a type", "for an entry of any type: `entry`")
    folded = {name.casefold() for name in declared}
    for number, name in enumerate(names):
        if name.casefold() not in folded:
            raise Misdeclared(
                (*steps, number) if isinstance(types, list) else steps,
                f"there is no type `{name}`",
                _near(name, sorted(declared)) or f"declare it, if only as `{name}:`",
            )


def _near(said: object, known: Sequence[str]) -> str:
    return spelling.meant(spelling.nearest(str(said), known), "`{}`")


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
