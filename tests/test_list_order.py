"""`list --sort`."""

from __future__ import annotations

import pytest

from tests.conftest import Repo
from tests.program import Here, here


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    repo.commit(
        a="---\ndate: 2024-01-02\n---\n# Zinc\n",
        b="---\ndate: 2025-01-02\n---\n# alloy\n",
        c="# Brass\n",
        d="---\ndate: 2023-05\n---\n# Copper\n",
    )
    run = here(repo.root, monkeypatch, capsys)
    assert run("index", "sync", "--no-embed").code == 0
    return run


@pytest.mark.parametrize(
    ("options", "order"),
    [
        ((), "abcd"),
        (("--sort", "path"), "abcd"),
        (("--sort", "title"), "bcda"),
        (("--sort", "date"), "badc"),
        (("--sort", "date", "-n", "2", "--offset", "1"), "ad"),
        (("--sort", "title", "--offset", "3"), "a"),
        (("--sort", "path", "-n", "1"), "a"),
    ],
)
def test_entries_in_an_order(run: Here, options: tuple[str, ...], order: str) -> None:
    ran = run("list", *options)
    assert [line[0] for line in ran.out.splitlines()] == list(order)


def test_another_order_is_refused(run: Here) -> None:
    ran = run("list", "--sort", "titel")
    assert ran.code == 2
    assert ran.err == "error: --sort 'titel' is none of path, title, date; did you mean title?\n"
