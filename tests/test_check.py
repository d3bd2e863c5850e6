"""`pyrite check`: every problem of the files, in every format, without an index."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyrite_cli.commands.annotations import github, gitlab
from pyrite_cli.core.index import verify
from pyrite_schemas.replies.check import Finding
from tests.conftest import Bench, Pyrite, Repo
from tests.program import Here, here, shape
from tests.rules import rules_of

CONFIG = """\
kbs:
  - name: docs
    path: docs
    types:
      decision:
        required: {status: {enum: [proposed, accepted]}, owner: string}
        optional: {supersedes: {entry: decision}, by: {entry: person}}
  - name: people
    path: people
    types:
      person: {optional: {boss: {entry: person}}}
"""
FILES: dict[str, str | bytes] = {
    "docs/one": "---\nid: adr-1\ntype: decision\nstatus: acepted\nowner: ann\n---\n",
    "docs/two": "---\nid: adr-1\ntype: decision\nstatus: accepted\nownr: ann\n---\n",
    "docs/three": "---\ntype: decision\nstatus: accepted\nowner: ann\nsupersedes: adr-11\n"
    "by: people:ann\n---\n",
    "docs/four": "---\ntitle: [x\n---\n",
    "docs/five": b"caf\xe9\n",
    "docs/six": "---\ntype: decision\nstatus: accepted\nowner: ann\nby: people:bob\n---\n",
    "people/ann": "---\ntype: person\n---\n",
}
PROBLEMS = [
    "docs/five.md:1: not UTF-8 (byte 0xe9); read as Latin-1 [encoding]",
    "docs/four.md:2: title: the [ that opens here is never closed: write [x] [frontmatter]",
    (
        "docs/one.md:4: status 'acepted' is not one of proposed, accepted; did you mean accepted?"
        " [type-field]"
    ),
    "docs/six.md:5: by: there is no entry 'people:bob' [type-reference]",
    (
        "docs/three.md:5: supersedes: there is no entry 'adr-11'; did you mean adr-1?"
        " [type-reference]"
    ),
    'docs/two.md: the id "adr-1" belongs to one.md; this file is "two.md" [duplicate-id]',
    "docs/two.md:3: required field owner is missing; did you mean it by ownr? [type-field]",
]


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return here(tmp_path / "repo", monkeypatch, capsys)


@pytest.fixture
def bad(repo: Repo) -> Repo:
    """A repository in which every kind of thing is wrong."""
    repo.write("pyrite.yaml", CONFIG)
    repo.commit(**{name.replace("/", "__"): content for name, content in FILES.items()})
    return repo


@pytest.fixture
def good(repo: Repo) -> Repo:
    repo.write("pyrite.yaml", CONFIG)
    repo.commit(docs__a="---\ntype: decision\nstatus: accepted\nowner: ann\n---\n")
    return repo


@pytest.mark.usefixtures("bad")
def test_every_problem_is_a_line_and_the_last_one_sums_up(run: Here) -> None:
    ran = run("check")
    *lines, last = ran.out.splitlines()
    assert lines == PROBLEMS
    assert last == "7 files checked, 7 problems in 6 files"
    assert (ran.code, ran.err) == (1, "")


def test_a_reference_to_a_file_that_moved_names_where_it_is(good: Repo, run: Here) -> None:
    good.commit(
        docs__old__first_plan="---\ntype: decision\nstatus: accepted\nowner: ann\n---\n",
        docs__b="---\ntype: decision\nstatus: accepted\nowner: ann\n"
        "supersedes: new/first_plam.md\n---\n",
    )
    assert run("check").out.splitlines()[0] == (
        "docs/b.md:5: supersedes: there is no entry 'new/first_plam.md'; did you mean"
        " old/first_plan? [type-reference]"
    )


@pytest.mark.usefixtures("good")
def test_files_without_a_problem_are_code_0(run: Here) -> None:
    assert run("check") == (0, "1 file checked, no problems\n", "")


def test_no_index_is_opened_or_made(good: Repo, run: Here) -> None:
    good.write("pyrite.yaml", f"{CONFIG}storage:\n  backend: postgres\n")
    assert run("check").code == 0
    assert not (good.root / ".pyrite").exists()
    assert good.git("status", "--porcelain") == "M pyrite.yaml"


def test_what_check_says_is_what_a_sync_says(bad: Repo, run: Here) -> None:
    assert run("index", "sync", "--no-embed").code == 0
    synced = json.loads(run("index", "status", "--json").out)["kbs"]
    told = [
        (kb["name"], one["path"], one["line"], one["code"], one["message"])
        for kb in synced
        for one in kb["diagnostics"]
    ]
    checked = [
        (one["kb"], one["path"], one["line"], one["code"], one["message"].partition("; did")[0])
        for one in json.loads(run("check", "--json").out)["problems"]
    ]
    assert checked == [(*one[:-1], one[-1].partition("; did")[0]) for one in told]
    assert run("index", "verify").code == 0
    assert bad.git("status", "--porcelain") == ""


def test_only_what_is_named_is_reported(bad: Repo, run: Here) -> None:
    ran = run("check", "docs/one.md")
    assert ran.out.splitlines() == [PROBLEMS[2], "1 file checked, 1 problem in 1 file"]
    assert run("check", "docs/two.md", "docs/six.md").out.splitlines()[-1] == (
        "2 files checked, 3 problems in 2 files"
    )
    assert run("check", "people").out == "1 file checked, no problems\n"
    assert run("check", str(bad.root / "docs")).out.splitlines()[:-1] == PROBLEMS
    assert run("check", "docs/../people/ann.md").code == 0
    inside = run("check", "one.md", cwd=bad.root / "docs")
    assert inside.out.splitlines()[0] == PROBLEMS[2].removeprefix("docs/")
    for other in ("pyrite.yaml", "docs/gone.md"):
        ran = run("check", other)
        assert ran == (0, "0 files checked, no problems\n", f"{other} is no file of a KB\n")
    nothing = run("check", "elsewhere/x.md")
    assert (nothing.code, nothing.out) == (2, "")
    assert nothing.err.startswith("error: there is no file ")


@pytest.mark.usefixtures("bad")
def test_one_kb_alone_still_knows_the_others(run: Here) -> None:
    ran = run("check", "--kb", "docs")
    assert ran.out.splitlines()[:-1] == PROBLEMS
    assert run("check", "--kb", "people").out == "1 file checked, no problems\n"
    assert run("check", "--kb", "peple").code == 2


def test_the_work_tree_is_checked_unless_a_ref_is_named(good: Repo, run: Here) -> None:
    good.write("docs/new.md", "---\ntype: decision\nstatus: x\nowner: ann\n---\n")
    assert run("check").code == 1
    assert run("check", "--ref", "HEAD").code == 0
    assert run("check", "--ref", "nowhere").code == 2


@pytest.mark.usefixtures("bad")
def test_as_json(run: Here) -> None:
    ran = run("check", "--json")
    reply = shape("check", ran.out)
    assert (ran.code, ran.err, reply["files"]) == (1, "", 7)
    assert reply["problems"][3] == {
        "kb": "docs",
        "path": "six.md",
        "file": "docs/six.md",
        "line": 5,
        "code": "type-reference",
        "message": "by: there is no entry 'people:bob'",
    }
    assert run("check", "--json", "--format", "text").code == 2


def test_for_github_they_are_workflow_commands(
    bad: Repo, run: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run("check", "--format", "github", cwd=bad.root / "docs")
    lines = ran.out.splitlines()
    assert (ran.code, len(lines)) == (1, 7)
    assert lines[2] == (
        "::error file=docs/one.md,line=4,title=pyrite type-field::status 'acepted' is not one of"
        " proposed, accepted; did you mean accepted?"
    )
    assert lines[5].startswith("::error file=docs/two.md,title=pyrite duplicate-id::the id")
    assert ran.err == "7 files checked, 7 problems in 6 files\n"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run("check").out == ran.out
    assert run("check", "--format", "text").out.splitlines()[0] == PROBLEMS[0]
    assert json.loads(run("check", "--json").out)["files"] == 7


def test_what_github_would_read_as_its_own_is_escaped() -> None:
    one = Finding("kb", "a", "a,b:c%.md", 3, "x", "100 %: a\nb\r, c::d")
    assert list(github([one])) == [
        "::error file=a%2Cb%3Ac%25.md,line=3,title=pyrite x::100 %25: a%0Ab%0D, c::d"
    ]


@pytest.mark.usefixtures("bad")
def test_for_gitlab_they_are_a_code_quality_report(run: Here) -> None:
    ran = run("check", "--format", "gitlab")
    report = json.loads(ran.out)
    assert (ran.code, len(report)) == (1, 7)
    assert len({one["fingerprint"] for one in report}) == 7
    assert report[5]["location"] == {"path": "docs/two.md", "lines": {"begin": 1}}
    assert report[2] == {
        "description": "status 'acepted' is not one of proposed, accepted; did you mean accepted?",
        "check_name": "pyrite-type-field",
        "fingerprint": report[2]["fingerprint"],
        "severity": "major",
        "location": {"path": "docs/one.md", "lines": {"begin": 4}},
    }
    assert ran.err == "7 files checked, 7 problems in 6 files\n"


@pytest.mark.usefixtures("good")
def test_a_gitlab_report_without_problems_is_an_empty_list(run: Here) -> None:
    assert json.loads(run("check", "--format", "gitlab").out) == []


def test_gitlab_knows_a_problem_again_when_lines_move() -> None:
    one = [Finding("kb", "a", "a", line, "x", "y") for line in (1, 2)]
    moved = [Finding("kb", "a", "a", line, "x", "y") for line in (5, 9)]
    before, after = (
        [said["fingerprint"] for said in json.loads(gitlab(found))] for found in (one, moved)
    )
    assert before == after
    assert len(set(before)) == 2


def test_a_bare_repository_can_be_checked(bad: Repo, pyrite: Pyrite, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    bad.git("clone", "-q", "--bare", str(bad.root), str(bare))
    ran = pyrite("check", cwd=bare)
    assert ran.code == 1
    assert ran.out.splitlines()[-1] == "7 files checked, 3 problems in 3 files"


def test_many_files_are_checked_by_several_processes(repo: Repo, pyrite: Pyrite) -> None:
    repo.write("pyrite.yaml", "kbs:\n  - name: kb\n    types: {a: {required: {n: number}}}\n")
    for number in range(900):
        repo.write(f"{number:03}.md", f"---\ntype: a\nn: {'x' if number % 100 == 0 else 1}\n---\n")
    ran = pyrite("check")
    assert ran.out.splitlines()[-1] == "900 files checked, 9 problems in 9 files"
    assert ran.out.splitlines()[:-1] == [
        f"{number:03}.md:3: n must be a number, not 'x' [type-field]"
        for number in range(0, 900, 100)
    ]


def test_other_rules_check_the_files_again(repo: Repo, bench: Bench) -> None:
    repo.commit(a="---\ntype: a\nsize: small\n---\n", b="# B")
    plain = bench.kb()
    ruled = plain._replace(rules=rules_of("a: {optional: {size: number}}"))
    free = plain._replace(rules=rules_of("a:"))
    (first,) = bench.sync(plain).kbs
    with bench.index.reader() as reader:
        digest = verify.digest(reader, "kb")
    (second,) = bench.sync(ruled).kbs
    assert (first.diagnostics, second.changed) == ((), 2)
    assert [one.message for one in second.diagnostics] == ["size must be a number, not 'small'"]
    assert verify.verify(bench.index, [ruled], lambda _: None) == []
    assert next(one.kind for one in verify.verify(bench.index, [plain], lambda _: None)) == "config"
    (third,) = bench.sync(free).kbs
    assert third.diagnostics == ()
    with bench.index.reader() as reader:
        assert verify.digest(reader, "kb") == digest
    (fourth,) = bench.sync(free).kbs
    assert fourth.changed == 0


def test_without_types_a_kb_is_what_it_was(bench: Bench) -> None:
    kb = bench.kb()
    assert kb.fingerprint.count("|") == kb._replace(rules=rules_of("a:")).fingerprint.count("|") - 1


def test_schema_prints_that_of_the_configuration(run: Here, repo: Repo) -> None:
    ran = run("schema", cwd=repo.root)
    assert ran.code == 0
    assert "KbConfig" in json.loads(ran.out)["$defs"]


@pytest.mark.usefixtures("bad")
def test_schema_of_a_type_is_what_an_entry_must_be(run: Here) -> None:
    import jsonschema

    schema = json.loads(run("schema", "Decision").out)
    right = {"type": "decision", "status": "accepted", "owner": "ann", "supersedes": "x", "z": 1}
    jsonschema.validate(right, schema)
    wrongs: tuple[dict[str, object], ...] = (
        {"status": "x"}, {"owner": ""}, {"owner": 3}, {"supersedes": []}
    )  # fmt: skip
    for wrong in wrongs:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**right, **wrong}, schema)
    assert run("schema", "desicion").err == (
        "error: there is no type 'desicion'; did you mean decision?\n"
    )
    assert run("schema", "decision", "--kb", "people").code == 2
    assert run("schema", "decision", "--list").code == 2
    assert run("schema", "--kb", "docs").code == 2


def test_a_type_that_two_kbs_see_otherwise_needs_a_kb(repo: Repo, run: Here) -> None:
    repo.write("pyrite.yaml", "kbs:\n  - {name: a, types: {t: }}\n"
               "  - {name: b, types: {t: {required: [x]}}}\n")  # fmt: skip
    assert "say which: --kb a or --kb b" in run("schema", "t").err
    assert json.loads(run("schema", "t", "--kb", "b").out)["required"] == ["type", "x"]


@pytest.mark.usefixtures("bad")
def test_schema_lists_types(run: Here) -> None:
    assert run("schema", "--list").out == (
        "docs    decision  status*, owner*, supersedes, by\npeople  person    boss\n"
    )
    reply = shape("types", run("schema", "--list", "--json").out)
    assert reply["types"][0]["required"] == ["status", "owner"]


def test_paths_are_understood_through_a_symbolic_link(bad: Repo, run: Here, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.symlink_to(bad.root)
    assert run("check", str(other / "docs" / "one.md")).out.startswith(PROBLEMS[2])
