"""How many threads numpy's linear algebra starts."""

from __future__ import annotations

import os

import pytest

from pyrite_cli.core.embed import blas

NAME = "OPENBLAS_NUM_THREADS"


def test_one_thread_while_numpy_is_imported_and_as_before_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(NAME, raising=False)
    with blas.single():
        assert os.environ[NAME] == "1"
    assert NAME not in os.environ


def test_what_the_user_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "3")
    with blas.single():
        assert os.environ[NAME] == "3"
    assert os.environ[NAME] == "3"


def test_two_threads_may_be_in_the_block_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    one, other = blas.single(), blas.single()
    one.__enter__()
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")  # as it is for one that looks just before
    other.__enter__()
    one.__exit__(None, None, None)
    other.__exit__(None, None, None)
    assert "OPENBLAS_NUM_THREADS" not in os.environ
