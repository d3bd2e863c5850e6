"""Did you mean: what was not found has a near one that is there."""

from __future__ import annotations

import pytest

from pyrite_cli.core.search import suggestion
from pyrite_cli.core.search.suggestion import corrected
from pyrite_schemas.replies.common import Suggestion
from tests.conftest import Repo
from tests.program import Here, here, shape

SYNC = ("index", "sync", "--no-embed")


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """The program in a repository that is indexed."""
    repo.write("pyrite.yaml", "kbs: [{name: garden, path: notes}, {name: attic, path: attic}]\n")
    repo.write(
        "notes/pump.md",
        "---\nid: well-pump\ntype: runbook\ntags: [water]\naliases: [The Big One]\n---\n"
        "# Restarting the pump\n\nDeprecated valves are deprecated. An allocation of grease.\n",
    )
    repo.write("notes/ubuntu.md", "# Ubuntu\n\nA location for machines, code C4996.\n")
    repo.write("attic/a.md", "# Attic\n\ndust\n")
    repo.commit()
    run = here(repo.root, monkeypatch, capsys)
    assert run(*SYNC).code == 0
    return run


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("deprected", "deprecated"),
        ("Ubunut machines*", ""),
        ("alocation", "allocation"),
        ('"ubunut machine"', '"ubuntu machine"'),
        ("gresae zzzzzz", "grease zzzzzz"),
        ("deprrecatted", "deprecated"),
        ("qqqqqq", ""),
        ("C4995", ""),
        ("xx", ""),
        ("pmp", "pump"),
        ("mach", "machines"),
        ("depre", "deprecated"),
        ("gre dus", "grease dust"),
    ],
)
def test_a_query_that_finds_nothing(run: Here, query: str, meant: str) -> None:
    ran = run("search", query)
    hint = f"did you mean: {meant}\n" if meant else ""
    if ran.code:
        assert ran.out == ""
        assert ran.err == f"nothing found for {query!r}\n{hint}"


def test_an_unknown_word_beside_known_ones_is_hinted_at(run: Here) -> None:
    ran = run("search", "ubunut", "location", "deprecated")
    assert (ran.code, ran.err) == (0, "nothing holds ubunut; did you mean: ubuntu\n")
    reply = shape("search", run("search", "ubunut location", "--json").out)
    assert reply["suggestions"] == [{"word": "ubunut", "near": ["ubuntu"]}]
    assert "ubuntu" in run("search", "--paths", "ubunut location").err


def test_what_is_found_asks_for_nothing(run: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyrite_cli.core.search.suggestion.words", None)
    reply = shape("search", run("search", "ubuntu locations -zzz alloc*", "--json").out)
    assert reply["count"]
    assert reply["suggestions"] == []


def test_tags_and_types_that_nothing_has(run: Here) -> None:
    ran = run("search", "pump", "--tag", "watre", "--type", "runbok")
    assert ran.code == 1
    assert ran.err.splitlines()[1:] == [
        "nothing holds tag:watre; did you mean: tag:water",
        "nothing holds type:runbok; did you mean: type:runbook",
    ]
    for command in (("list", "--tag", "watre"), ("tags", "--type", "runbok")):
        ran = run(*command)
        assert ran.code == 1
        assert "did you mean: " in ran.err
    reply = shape("search", run("search", "pump", "--tag", "WATRE", "--json").out)
    assert reply["suggestions"] == [{"word": "tag:WATRE", "near": ["tag:water"]}]
    known = run("search", "ubuntu", "--tag", "Water")
    assert known.err == "nothing found for 'ubuntu'\n1 entry matches without tag:Water\n"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ubunt", "garden:ubuntu"),
        ("UBUNUT", "garden:ubuntu"),
        ("garden:wel-pump", "garden:well-pump"),
        ("Restarting the pmup", "garden:well-pump"),
        ("the big on", "garden:well-pump"),
        ("notes/ubunut.md", "garden:ubuntu"),
        ("howto/ubuntu", "garden:ubuntu"),
        ("restart", "garden:well-pump"),
        ("qqqqqqq", ""),
    ],
)
def test_an_entry_that_is_not_there(run: Here, name: str, meant: str) -> None:
    for command in ("get", "links", "related"):
        ran = run(command, name)
        assert ran.code == 1
        if meant:
            assert f"; did you mean {meant}" in ran.err
        else:
            assert "; `pyrite list` shows all" in ran.err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("search", "x", "--mode", "hybird"), "hybrid"),
        (("search", "x", "--kb", "gardn"), "garden"),
        (("search", "kb:gardn x"), "garden"),
        (("serach", "x"), "'search'"),
        (("index", "snyc"), "'sync'"),
    ],
)
def test_other_words_that_are_not_there(run: Here, words: tuple[str, ...], meant: str) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert f"did you mean {meant}?" in ran.err


def test_a_query_is_corrected_where_the_word_stands() -> None:
    near = [Suggestion("cat", ("cart", "coat"))]
    assert corrected("Cat concat (CAT)", near) == "cart concat (cart)"
    assert corrected("concat", near) == ""


def test_a_word_that_was_pasted_has_no_near_ones(
    run: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def slips(word: str) -> set[str]:
        asked.append(word)
        return set()

    monkeypatch.setattr(suggestion, "slips", slips)
    assert run("search", "q" * 5000, "deprected").code == 1
    assert asked == ["deprected"]


def test_a_pasted_file_is_not_said_again(run: Here) -> None:
    for query in ("zzzzzz " * 2000, "qqqq" * 3000, "gresae " * 2000):
        ran = run("search", query)
        assert ran.code == 1
        assert len(ran.err) < 1500


def test_fields_values_and_paths_that_nothing_has(run: Here, repo: Repo) -> None:
    repo.write("notes/runbooks/a.md", "---\nstatus: Final\nparts: [Valve, 3]\n---\n# A\n\nalarm\n")
    repo.commit()
    assert run(*SYNC).code == 0
    for command, near in (
        (("search", "status:final alarm"), "status:Final"),
        (("search", "alarm", "--where", "stauts=Final"), "status:Final"),
        (("list", "--where", "parts=valve"), "parts:Valve"),
        (("list", "--path", "notes/runbook"), "path:runbooks"),
        (("search", "alarm path:runbok"), "path:runbooks"),
        (("tags", "--path", "pmp.md"), "path:pump.md"),
    ):
        ran = run(*command)
        assert (ran.code, ran.err.count("did you mean")) == (1, 1), command
        assert f"did you mean: {near}\n" in ran.err, command
        reply = run(*command, "--json")
        assert f'"{near}"' in reply.out, command
    assert "did you mean" not in run("list", "--where", "status=nothing like it").err
    assert "did you mean" not in run("search", "qqqq", "--path", "runbooks").err


@pytest.mark.parametrize(
    ("command", "notes"),
    [
        (("search", "location", "--type", "runbook"), ["1 entry matches without type:runbook"]),
        (
            ("search", "location type:runbook", "--tag", "water"),
            ["1 entry matches without any filter"],
        ),
        (
            ("search", "pump", "--type", "runbook", "--kb", "attic"),
            ["1 entry matches without kb:attic"],
        ),
        (
            ("search", "pump", "--author", "Ann B", "--until", "1990"),
            ["1 entry matches without any filter"],
        ),
        (("search", "dust", "--where", "id=no one"), ['1 entry matches without id:"no one"']),
        (("search", "dust id:~PUMP"), ["1 entry matches without id:~PUMP"]),
        (("search", "dust", "--where", "id~pu mp"), ['1 entry matches without id:"~pu mp"']),
        (("search", "qqqqqqq", "--type", "runbook"), []),
        (("search", "type:qqqqqqq"), []),
        (("search", "location", "--type", "runbok"), []),
        (("search", "location", "--offset", "3", "--kb", "garden"), []),
        (
            ("list", "--type", "runbook", "--kb", "attic"),
            ["1 entry matches without kb:attic", "1 entry matches without type:runbook"],
        ),
        (("list", "--type", "qqqqqqq"), []),
        (("list", "--kb", "garden", "--type", "runbook", "--offset", "9"), []),
        (("tags", "--kb", "attic", "--tag", "water"), ["1 tag is there without kb:attic"]),
    ],
)
def test_the_condition_that_nothing_passes(
    run: Here, command: tuple[str, ...], notes: list[str]
) -> None:
    ran = run(*command)
    said = [line for line in ran.err.splitlines() if "without" in line]
    assert (ran.code, said) == (1, notes)
    reply = shape(command[0], run(*command, "--json").out)
    assert reply["notes"] == notes


def test_a_field_that_is_compared_may_be_mistaken(run: Here) -> None:
    ran = run("list", "--where", "alises~big")
    assert ran.err == "no entries found\nnothing holds alises:~big; did you mean: aliases:~big\n"


def test_a_guess_is_told_from_an_answer(run: Here) -> None:
    assert run("index", "sync").code == 0
    guess = "no word of this stands anywhere, and nothing comes near it in meaning (cosine 0."
    for mode in ("semantic", "hybrid"):
        for query in ("qwpfj zxlkv", "how do I qwpfj the zxlkv?"):
            ran = run("search", query, "--mode", mode)
            assert (ran.code, guess in ran.err) == (0, True), ran.err
            reply = shape("search", run("search", query, "--mode", mode, "--json").out)
            assert [note.startswith(guess) for note in reply["notes"]] == [True]
        for query in (
            "lubricating a water machine",
            "qwpfj dust",
            "how do I reboot a water supply",
        ):
            assert guess not in run("search", query, "--mode", mode).err
    assert guess not in run("search", "qwpfj").err


def test_an_author_is_hinted_at(run: Here, repo: Repo) -> None:
    repo.write("attic/b.md", "# More\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "more", "--author", "Ines Calloway <ines@example.org>")
    run(*SYNC)
    name, slipped = "Calloway", "Caloway"
    for command in (("search", "dust"), ("list",)):
        ran = run(*command, "--author", slipped)
        assert ran.code == 1
        assert f"nothing holds --author {slipped}; did you mean: --author {name}" in ran.err
    noted = run("search", f"dust author:{name}").err
    assert "author: is no field here; --author finds who committed" in noted


def test_a_value_in_a_group_is_hinted_at(run: Here) -> None:
    ran = run("search", "type:(runbok OR other) OR (tag:watr grease)")
    assert ran.code == 1
    for word, near in (("type:runbok", "type:runbook"), ("tag:watr", "tag:water")):
        assert f"nothing holds {word}; did you mean: {near}" in ran.err


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("gardn", "path:garden:"),
        ("garden", "path:garden:"),
        ("attic:deep room", 'path:"deep room"'),
        ("gardn:deep room", 'path:"garden:deep room"'),
        ("garden/deep room", 'path:"garden:deep room" or path:"deep room"'),
        ("deep rom", 'path:"deep room"'),
        ("GARDEN/pump.md", "path:garden:pump.md or path:pump.md"),
        ("attic/pump.md", "path:pump.md"),
        ("atic:pump.md", ""),
    ],
)
def test_a_path_that_begins_with_a_kb_is_hinted_at(
    run: Here, repo: Repo, path: str, near: str
) -> None:
    repo.write("notes/deep room/b.md", "# Deep\n")
    run(*SYNC)
    said = f'"{path}"' if " " in path else path
    told = run("list", "--path", path).err
    meant = near.split(" or ") if near else []
    hint = f"nothing holds path:{said}; did you mean: {', '.join(meant)}\n" if meant else ""
    assert told.startswith(f"no entries found\n{hint}")
    assert ("did you mean" in told) == bool(meant)
    for one in meant:
        assert run("search", one).code == 0
