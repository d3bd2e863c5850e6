"""Chunks are the body, small enough, cut between blocks, and hold still under edits."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyrite_cli.core.entry import chunk, costs
from pyrite_cli.core.entry.parse import parse
from pyrite_schemas.entry import Chunk
from tests.effort import examples

SENTENCE = "The quick brown fox jumps over the lazy dog, again and again."
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa")


def chunks_of(text: str | bytes) -> tuple[Chunk, ...]:
    data = text.encode() if isinstance(text, str) else text
    return parse("notes/a.md", "0" * 40, data, ()).chunks


def joined(chunks: tuple[Chunk, ...]) -> str:
    return "".join(one.text for one in chunks)


def inside(text: str, part: str) -> bool:
    """Whether one chunk holds all of a part."""
    return any(part in one.text for one in chunks_of(text))


def prose(seed: int, paragraphs: int, heading_every: int = 12) -> str:
    """Markdown of paragraphs of unlike words, with a section now and then."""
    rng = random.Random(seed)
    blocks = ["# Document"]
    for number in range(paragraphs):
        if number % heading_every == heading_every - 1:
            blocks.append(f"## Section {number}")
        count = rng.randint(20, 70)
        blocks.append(" ".join(f"{rng.choice(WORDS)}{rng.randint(0, 99)}" for _ in range(count)))
    return "\n\n".join(blocks) + "\n"


blocks = st.sampled_from(
    [
        "# One\n", "## Two\n\n", "### Three ###\n", "Set\n===\n", "\n", "\n\n\n", f"{SENTENCE}\n",
        f"{SENTENCE} " * 12 + "\n\n", "- item\n- item\n\n", f"1. {SENTENCE}\n   - {SENTENCE}\n",
        f"```py\n{SENTENCE}\n```\n", "```\nopen\n", f"> {SENTENCE}\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n",
        "***\n", "x" * 1500 + "\n", "漢字かな。" * 100 + "\n", "é" * 700, "!" * 700,
        "<div>\n\n</div>\n",
        "no line end", "\t", "\x0c", "[a]: b\n", "😀" * 90,
    ]
)  # fmt: skip


@settings(max_examples=examples(100))
@given(st.lists(blocks, max_size=60).map("".join))
def test_chunks_join_to_the_body_and_keep_the_limit(text: str) -> None:
    chunks = chunks_of(text)
    assert joined(chunks) == text
    assert all(costs.cost(one.passage) <= chunk.LIMIT for one in chunks)
    assert all(one.text for one in chunks) or not text


@settings(max_examples=examples(60))
@given(st.text())
def test_chunks_of_any_text_join_to_it(text: str) -> None:
    clean = text.replace("\r", "").replace("\0", "").removeprefix("\ufeff")
    assert clean.endswith(joined(chunks_of(clean)))


@settings(max_examples=examples(50))
@given(st.lists(blocks, max_size=60).map("".join))
def test_a_body_is_cut_only_at_characters_and_into_all_its_lines(text: str) -> None:
    line = 1
    for one in chunks_of(text):
        assert line <= one.start_line <= one.end_line
        line += one.text.count("\n")
    assert line == 1 + text.count("\n")


@settings(max_examples=examples(50))
@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=3))
def test_the_estimate_adds_up(pairs: list[tuple[str, str]]) -> None:
    for left, right in pairs:
        assert costs.cost(left + right) == costs.cost(left) + costs.cost(right)


def test_a_small_body_is_one_chunk_and_an_empty_one_too() -> None:
    assert len(chunks_of("# A\n\ntext\n\n## B\n\ntext\n")) == 1
    (only,) = chunks_of("")
    assert (only.text, only.hash) == ("", b"")


FENCE = (
    "```python\n" + "".join(f"value_{n} = compute({n})\n" for n in range(12)) + "\n\n# no\n```\n"
)
TABLE = "| name | value |\n|---|---|\n" + "".join(f"| row {n} | {n * 7} |\n" for n in range(12))
ITEM = "- " + "\n  ".join(SENTENCE for _ in range(5)) + "\n"


@pytest.mark.parametrize("block", [FENCE, TABLE, ITEM], ids=["fence", "table", "item"])
@pytest.mark.parametrize("before", range(1, 14))
def test_a_block_under_the_limit_is_never_cut(block: str, before: int) -> None:
    assert costs.cost(block) <= chunk.LIMIT
    text = f"{SENTENCE} {SENTENCE}\n\n" * before + block + f"\n{SENTENCE} {SENTENCE}\n" * 12
    assert len(chunks_of(text)) > 1
    assert inside(text, block)


def test_the_items_of_a_long_list_stay_whole() -> None:
    items = [f"- item {n}: {SENTENCE}\n  {SENTENCE}\n\n  second paragraph {n}\n" for n in range(30)]
    text = "".join(items)
    assert len(chunks_of(text)) > 3
    assert all(inside(text, item) for item in items)


def test_the_rows_of_a_long_table_stay_whole() -> None:
    rows = [f"| {n} | {SENTENCE} | {SENTENCE} |\n" for n in range(40)]
    text = "| n | a | b |\n|---|---|---|\n" + "".join(rows)
    assert len(chunks_of(text)) > 3
    assert all(inside(text, row) for row in rows)


def test_the_lines_of_a_fence_over_the_limit_stay_whole() -> None:
    lines = [f"value_{n} = compute({n}, {n})\n" for n in range(200)]
    text = "```\n" + "".join(lines) + "```\n"
    assert len(chunks_of(text)) > 3
    assert all(inside(text, line) for line in lines)


def test_a_large_body_is_cut_before_its_headings() -> None:
    sections = [f"## Section {n}\n\n" + f"{SENTENCE} " * 10 + "\n\n" for n in range(8)]
    chunks = chunks_of("".join(sections))
    assert len(chunks) > 1
    assert all(one.text.startswith("## Section") for one in chunks)


def test_heading_paths_name_the_open_sections() -> None:
    fill = f"{SENTENCE} " * 14 + "\n\n"
    text = (
        f"# T\n\n{fill}## A\n\n{fill}### A1\n\n{fill}## B\n\n{fill}#### B1\n\n{fill}# C\n\n{fill}"
    )
    found = {one.text.split("\n")[0]: one.heading for one in chunks_of(text)}
    assert found == {
        "# T": (),
        "## A": ("A",),
        "### A1": ("A", "A1"),
        "## B": ("B",),
        "#### B1": ("B", "B1"),
        "# C": ("C",),
    }


def test_a_chunk_within_a_section_keeps_its_heading_path() -> None:
    text = "# T\n\n## Long\n\n" + f"{SENTENCE} {SENTENCE}\n\n" * 60
    chunks = chunks_of(text)
    assert len(chunks) > 3
    assert {one.heading for one in chunks[1:]} == {("Long",)}


def test_a_fenced_hash_is_no_heading() -> None:
    text = (
        "# T\n\n"
        + f"{SENTENCE}\n\n" * 30
        + "```\n# not a heading\n```\n\n"
        + f"{SENTENCE}\n\n" * 30
    )
    assert all(one.heading == () for one in chunks_of(text))


def test_a_title_the_file_does_not_hold_is_not_embedded() -> None:
    entry = parse("secret-name.md", "0" * 40, b"plain text", ())
    assert (entry.title, entry.title_source) == ("secret-name", "path")
    other = parse("other.md", "0" * 40, b"plain text", ())
    titled = parse("other.md", "0" * 40, b"---\ntitle: secret-name\n---\nplain text", ())
    assert entry.chunks[0].hash == other.chunks[0].hash != titled.chunks[0].hash


def test_the_embedded_text_is_title_heading_path_and_text() -> None:
    assert chunk.embed_text("T", ("A", "B"), "\n text \n") == "T\nA > B\ntext"
    assert chunk.embed_text("", (), " \n") == ""


@pytest.mark.parametrize(
    "text",
    [
        ("word " * 4000 + "\n") * 35,
        ("w" * 20_000 + "\n") * 35,
        "x" * 1_000_000,
        "word " * 100_000,
        "Sentence after sentence. " * 20_000,
        "漢字" * 100_000,
        "これは文です。" * 30_000,
        "😀" * 50_000,
        "é!" * 50_000,
        " " * 100_000,
        "\n" * 100_000,
        "[" * 100_000,
        "> " * 20_000 + "deep",
        "- " * 20_000 + "deep",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_enormous_lines_are_cut_under_the_limit(text: str) -> None:
    chunks = chunks_of(text)
    assert joined(chunks) == text
    assert max(costs.cost(one.passage) for one in chunks) <= chunk.LIMIT
    assert len(chunks) < 12 * costs.cost(text) / chunk.LIMIT, "cut no finer than it must be"


def test_a_long_line_is_cut_between_sentences_where_it_has_any() -> None:
    text = "Some words make a sentence here. " * 400
    chunks = chunks_of(text)
    assert len(chunks) > 5
    assert all(one.text.rstrip().endswith("here.") for one in chunks)


def test_a_long_title_leaves_room_for_the_text() -> None:
    title = "long title " * 40
    chunks = chunks_of(f"---\ntitle: {title}\n---\n" + f"{SENTENCE}\n\n" * 60)
    room = chunk.LIMIT - costs.cost(title[:290])  # a title is cut at 300
    assert all(costs.cost(one.passage) <= room for one in chunks)


def fresh(old: tuple[Chunk, ...], new: tuple[Chunk, ...]) -> int:
    """How many chunks have a text never embedded before."""
    return len({one.hash for one in new} - {one.hash for one in old})


def test_one_inserted_line_changes_few_chunks() -> None:
    changed = []
    for seed in range(6):
        rng = random.Random(seed)
        lines = prose(seed, 80).split("\n")
        old = chunks_of("\n".join(lines))
        for _ in range(50):
            place = rng.randint(1, len(lines))
            text = "\n".join(
                [*lines[:place], "", f"A new line, {rng.random()}.", "", *lines[place:]]
            )
            changed.append(fresh(old, chunks_of(text)))
    changed.sort()
    assert changed[len(changed) // 2] == 1
    assert changed[int(len(changed) * 0.99)] <= 3


def test_an_edit_at_the_top_leaves_the_rest_alone() -> None:
    for seed in range(20):
        text = prose(seed, 60)
        old = chunks_of(text)
        assert len(old) > 20
        new = chunks_of(text.replace("# Document\n", "# Document\n\nA line that is new.\n", 1))
        assert 1 <= fresh(old, new) <= 3


def test_a_removed_section_changes_few_chunks() -> None:
    for seed in range(20):
        text = prose(seed, 60)
        start = text.index("## Section 23")
        new = text[:start] + text[text.index("## Section 35") :]
        assert fresh(chunks_of(text), chunks_of(new)) <= 3
