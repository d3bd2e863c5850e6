"""`get ENTRY#heading` prints a section."""

from __future__ import annotations

import pytest

from tests.conftest import Repo
from tests.program import Here, here, shape

PAGE = """---
tags: [x]
---
# Pumps

Intro.

## Old pump

old text

### Cost & parts

a valve

## New pump

### Cost & parts

a seal

## Old pump

again
"""


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    repo.commit(pumps=PAGE)
    repo.write("c#.md", "# C sharp\n\n## Old pump\n\nnone\n")
    repo.commit()
    run = here(repo.root, monkeypatch, capsys)
    assert run("index", "sync", "--no-embed").code == 0
    return run


@pytest.mark.parametrize(
    ("name", "body", "line"),
    [
        ("pumps#Old pump", "## Old pump\n\nold text\n\n### Cost & parts\n\na valve\n\n", 8),
        ("pumps.md#old-pump", "## Old pump\n\nold text\n\n### Cost & parts\n\na valve\n\n", 8),
        ("pumps#OLD-PUMP-1", "## Old pump\n\nagain\n", 22),
        ("pumps#cost--parts", "### Cost & parts\n\na valve\n\n", 12),
        ("pumps#cost--parts-1", "### Cost & parts\n\na seal\n\n", 18),
        ("pumps#New pump#Cost & parts", "### Cost & parts\n\na seal\n\n", 18),
    ],
)
def test_a_section_by_its_heading(run: Here, name: str, body: str, line: int) -> None:
    reply = shape("entry", run("get", name, "--json").out)
    assert (reply["id"], reply["body"], reply["start_line"]) == ("pumps", body, line)
    assert run("get", name).out.endswith(f"\n\n{body.strip()}\n")


CALLED = """# C# and F#

one

## Options

two

## Options 1

three

## Options

### Below the last

four

## Größe & Gewicht!

five

### C#

six

## Now {#own-name}

seven

Underlined {: .x #under }
----------

eight

## Cafe\u0301 `code` **bold**

nine

```
## Not a heading
```
"""


@pytest.mark.parametrize(
    ("anchor", "last"),
    [
        ("options", "two"),
        ("options-1", "three"),
        ("Options 1", "three"),
        ("options-2", "four"),
        ("größe--gewicht", "six"),
        ("gr%C3%B6%C3%9Fe--gewicht", "six"),
        ("grösse-gewicht", "six"),
        ("Größe & Gewicht!#C#", "six"),
        ("C# and F##Größe & Gewicht!#c", "six"),
        ("C# and F##Options 1", "three"),
        ("own-name", "seven"),
        ("Now", "seven"),
        ("under", "eight"),
        ("Underlined", "eight"),
        ("Options#Below the last", "four"),
        ("options#below-the%2Dlast", "four"),
        ("caf\u00e9-code-bold", "```"),
    ],
)
def test_what_links_call_a_heading(repo: Repo, run: Here, anchor: str, last: str) -> None:
    repo.write("sharp#1.md", CALLED)
    repo.commit()
    assert run("index", "sync", "--no-embed").code == 0
    for entry in ("sharp#1", "sharp#1.md", "sharp#1.md:3", "repo:sharp#1"):
        reply = shape("entry", run("get", f"{entry}#{anchor}", "--json").out)
        assert reply["body"].split()[-1] == last
        assert CALLED.splitlines()[reply["start_line"] - 1] == reply["body"].splitlines()[0]


def test_a_name_with_the_sign_in_it_is_a_name(run: Here) -> None:
    assert shape("entry", run("get", "c#", "--json").out)["title"] == "C sharp"
    assert shape("entry", run("get", "c#.md", "--json").out)["title"] == "C sharp"


def test_a_heading_that_is_not_there(run: Here) -> None:
    ran = run("get", "pumps#Old pomp")
    assert ran.code == 1
    assert ran.err == "error: pumps has no heading 'Old pomp'; did you mean Old pump?\n"
    assert "no entry has the id, path, alias or file name 'nothing'; " in run(
        "get", "nothing#Old pump"
    ).err  # fmt: skip
    assert run("get", "pump#Old pump").err.endswith("'pump'; did you mean pumps?\n")
    assert run("get", "pumps#Old pump#Cost & prats").err.endswith("did you mean Cost & parts?\n")
    assert run("get", "pumps#New pump#Old pump").code == 1
    assert run("get", "pumps#Not a heading").err.endswith("; pyrite get pumps prints all of it\n")
    assert run("get", "pumps#").code == 1


def test_the_hint_names_the_entry_as_it_is_found(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("pyrite.yaml", "kbs:\n  - {name: a, path: a}\n  - {name: b, path: b}\n")
    for file in ("a/cold room.md", "b/cold room.md"):
        repo.write(file, "# Cold room\n")
    repo.commit()
    run = here(repo.root, monkeypatch, capsys)
    run("index", "sync", "--no-embed")
    told = run("get", "a/cold room.md#zzz").err
    assert told == (
        "error: a:cold room has no heading 'zzz'; pyrite get 'a:cold room' prints all of it\n"
    )
    assert run("get", "a:cold room").code == 0
