"""Files that look like pages and are left out are told of where everything is read."""

from __future__ import annotations

import pytest

from tests.conftest import Repo
from tests.program import Here, here, shape

INCLUDE = 'include: ["**/*.md", "**/*.markdown", "**/*.mdx"] in pyrite.yaml'


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    repo.commit(page="# Page\n")
    return here(repo.root, monkeypatch, capsys)


def _files(repo: Repo, suffix: str, count: int) -> None:
    for number in range(count):
        repo.write(f"more/n{number}.{suffix}", "text\n")
    repo.commit()


def test_pages_of_another_suffix_are_told_of(repo: Repo, run: Here) -> None:
    _files(repo, "mdx", 2)
    said = f"2 .mdx files are left out; for them, too: {INCLUDE}\n"
    made = run("init")
    assert said in made.err
    assert (
        '# include: ["**/*.md", "**/*.markdown", "**/*.mdx"]\n'
        in (repo.root / "pyrite.yaml").read_text()
    )
    assert f"repo: {said}" in run("index", "sync", "--no-embed", "--dry-run").err
    assert f"repo: {said}" in run("index", "sync", "--no-embed").err
    assert "left out" not in run("index", "sync", "--no-embed").err
    assert run("index", "status").err == f"repo: {said}"
    assert f"repo: {said}" in run("index", "rebuild", "--no-embed").err
    assert shape("init", run("init", "--force", "--json").out)["notes"] == [said.strip()]


@pytest.mark.parametrize("lines", ["include: ['**/*.md']", "exclude: ['more/**']"])
def test_what_was_chosen_is_not_questioned(repo: Repo, run: Here, lines: str) -> None:
    repo.write("pyrite.yaml", f"kbs:\n  - name: repo\n    {lines}\n")
    _files(repo, "mdx", 2)
    assert "left out" not in run("index", "sync", "--no-embed").err
    assert run("index", "status").err == ""


@pytest.mark.parametrize(("suffix", "count", "told"), [("rst", 5, True), ("txt", 4, False)])
def test_other_text_is_told_of_where_there_is_much(
    repo: Repo, run: Here, suffix: str, count: int, told: bool
) -> None:
    _files(repo, suffix, count)
    assert (f"{count} .{suffix} files" in run("index", "sync", "--no-embed").err) == told


def test_several_kinds_are_told_of_at_once(repo: Repo, run: Here) -> None:
    _files(repo, "mdx", 1)
    _files(repo, "Rmd", 1)
    _files(repo, "py", 9)
    said = run("index", "sync", "--no-embed").err
    assert '1 .mdx and 1 .rmd files are left out; for them, too: include: ["**/*.md", ' in said
    assert '"**/*.mdx", "**/*.rmd"] in' in said


def test_one_is_one(repo: Repo, run: Here) -> None:
    _files(repo, "mdx", 1)
    assert "repo: 1 .mdx file is left out; " in run("index", "sync", "--no-embed").err
