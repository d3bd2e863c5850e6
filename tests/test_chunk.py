"""Chunks are the body, small enough, cut between blocks, and hold still under edits."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyrite_cli.core.entry import chunk, costs
from pyrite_cli.core.entry.parse import parse
from pyrite_cli.core.text import plain
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


MOST = chunk.LIMIT + chunk.LIMIT // chunk.SLACK

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
    assert all(costs.cost(one.passage) <= MOST for one in chunks)
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


def test_a_header_of_many_columns_is_shown_as_far_as_there_is_room() -> None:
    names = [f"column{number}" for number in range(200)]
    table = f"| {' | '.join(names)} |\n{'|-' * 200}|\n" + "| some | words |\n" * 400
    leads = {one.lead for one in chunks_of(table)}
    assert len(leads) == 2
    header, ruler, _ = max(leads).split("\n")
    shown = header.strip("| ").split(" | ")
    assert shown == names[: len(shown)]
    assert len(shown) > 5
    assert ruler.count("-") == len(shown)


def test_what_takes_too_much_of_a_piece_is_not_shown_with_it() -> None:
    code = "`" * 500 + "\nsome code" * 400
    assert {one.lead for one in chunks_of(code)} == {""}
    quoted = (
        ">" * 300 + "| a | b |\n" + ">" * 300 + "|---|---|\n" + (">" * 300 + "| c | d |\n") * 60
    )
    assert {one.lead for one in chunks_of(quoted)} == {""}


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


def test_a_padded_row_changes_few_chunks_of_a_long_table() -> None:
    rows = [f"| {word} {number} | some words of {word} |" for number, word in enumerate(WORDS * 60)]
    rows = [
        row.replace(" |", f"{' ' * (number % 4 == 0) * 20} |") for number, row in enumerate(rows)
    ]
    for share in range(1, len(rows), 7):
        some = [row if number < share else " ".join(row.split()) for number, row in enumerate(rows)]
        head = "| a | b |\n|---|---|\n"
        before = {one.hash for one in chunks_of(head + "\n".join(some))}
        some[share // 2] = "| x | y " + " " * 60 + "|"
        assert len({one.hash for one in chunks_of(head + "\n".join(some))} - before) <= 3


def test_a_removed_section_changes_few_chunks() -> None:
    for seed in range(20):
        text = prose(seed, 60)
        start = text.index("## Section 23")
        new = text[:start] + text[text.index("## Section 35") :]
        assert fresh(chunks_of(text), chunks_of(new)) <= 3


def listed(rng: random.Random, most: int = 25) -> str:
    """A few words with an end."""
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(2, most))).capitalize() + "."


def mixed(seed: int, count: int) -> list[str]:
    """Blocks of Markdown of every kind, each with blank lines below."""
    rng = random.Random(seed)
    found = [f"# Document {seed}\n\n"]
    for number in range(count):
        kind = rng.randrange(16)
        if kind < 3:
            found.append(f"{'#' * rng.randint(2, 4)} Part {rng.randrange(1000)}\n\n")
        elif kind < 8:
            text = " ".join(listed(rng) for _ in range(rng.randint(1, 6)))
            found.append(f"{text}\n\n")
        elif kind == 8:
            rows = "".join(f"| {listed(rng, 3)} | {rng.randrange(10**6)} |\n" for _ in range(30))
            found.append(f"| name | number |\n|---|---:|\n{rows}\n")
        elif kind == 9:
            cells = [(listed(rng, 4), listed(rng, 12)) for _ in range(rng.randint(1, 12))]
            rows = "".join(f"| {one:<40} | {two:<120} |\n" for one, two in cells)
            found.append(f"| {'a':<40} | {'b':<120} |\n| {'-' * 40} | {'-' * 120} |\n{rows}\n")
        elif kind == 10:
            lines = "".join(f"value_{rng.randrange(10**4)} = compute({n})\n" for n in range(25))
            found.append(f"```py\n{lines}```\n\n")
        elif kind == 11:
            lines = "\n\n".join(listed(rng) for _ in range(rng.randint(1, 9)))
            found.append(f"<!--\n{lines}\n-->\n\n")
        elif kind == 12:
            names = "".join(f"[r{number}-{n}]: https://a.example/{n}\n" for n in range(12))
            found.append(f"{names}\n")
        elif kind == 13:
            found.append(rng.choice(["***\n\n", "![](a.png)\n\n", "<br>\n\n", "%% todo %%\n\n"]))
        elif kind == 14:
            found.append("".join(f"- {listed(rng)}\n" for _ in range(rng.randint(1, 20))) + "\n")
        else:
            found.append("".join(f"> {listed(rng)}\n" for _ in range(5)) + "\n")
    return found


def test_one_inserted_line_changes_few_chunks_of_anything() -> None:
    changed = []
    for seed in range(4):
        rng = random.Random(seed)
        lines = "".join(mixed(seed, 60)).split("\n")
        old = chunks_of("\n".join(lines))
        for _ in range(40):
            place = rng.randint(1, len(lines))
            text = "\n".join(
                [*lines[:place], "", f"A new line, {rng.random()}.", "", *lines[place:]]
            )
            changed.append(fresh(old, chunks_of(text)))
    changed.sort()
    assert changed[len(changed) // 2] == 1
    assert changed[int(len(changed) * 0.9)] <= 3
    assert changed[-1] <= 8, "a table or a fence that the line parts in two"


def says(one: Chunk) -> bool:
    return plain.says(one.passage)


@settings(max_examples=examples(60))
@given(st.integers(0, 10**6), st.integers(0, 70))
def test_no_chunk_is_without_text_of_its_own(seed: int, count: int) -> None:
    text = "".join(mixed(seed, count))
    chunks = chunks_of(text)
    assert joined(chunks) == text
    assert all(costs.cost(one.passage) <= MOST for one in chunks)
    if len(chunks) > 1:
        assert [one.passage for one in chunks if not says(one)] == []


@settings(max_examples=examples(60))
@given(st.lists(blocks, max_size=60).map("".join))
def test_of_anything_no_chunk_is_without_text_but_where_little_else_is_there(text: str) -> None:
    chunks = chunks_of(text)
    mute = [one for one in chunks if not says(one)]
    if mute and len(chunks) > 1:
        assert "# " in mute[0].text, "headings in a row that are more than a chunk holds"
        assert costs.cost(text) > MOST


SILENT = {
    "ruler": "***\n\n",
    "drawn": "─" * 60 + "\n\n",
    "tag": "<br>\n\n",
    "picture": "![](a.png)\n\n",
    "comment": "<!-- Nobody reads this, and it is not short at all. -->\n\n",
    "include": "{% include note.html %}\n\n",
    "no-break": "\u00a0\u00a0\n\n",
    "no-width": "\u200b\n\n",
    "ideographic": "\u3000\u3000\n\n",
    "mark": "\ufeff\n\n",
    "entity": "&nbsp;\n\n",
    "backslash": "\\\n",
    "definitions": "[a]: https://a.example/some/where/else\n\n",
}


@pytest.mark.parametrize("block", SILENT.values(), ids=SILENT)
def test_hundreds_of_blocks_that_say_nothing_make_no_chunk(block: str) -> None:
    many = block * 400
    text = "\n".join(
        ["# Page\n", many, "The heron waits.\n", many, "## Second\n", many, "It flies.\n", many]
    )
    chunks = chunks_of(text)
    assert joined(chunks) == text
    assert len(chunks) <= 2
    assert all(says(one) for one in chunks)


@pytest.mark.parametrize(
    "row", ["|    |    |\n", "| - | - |\n", "| --- | --- |\n", "| &nbsp; | \u00a0 |\n"]
)
def test_rows_without_words_make_no_chunk(row: str) -> None:
    text = f"# Form\n\nFill it in.\n\n| Name | Date |\n|---|---|\n{row * 400}\nHand it in.\n"
    chunks = chunks_of(text)
    assert len(chunks) <= 2
    assert all(says(one) for one in chunks)


@pytest.mark.parametrize("count", [1, 3, 300])
@pytest.mark.parametrize("text", ["Text at last.\n", ""])
def test_a_row_of_headings_keeps_the_limit(count: int, text: str) -> None:
    chunks = chunks_of("Text.\n\n" + "## A heading of some words\n\n" * count + text)
    assert (len(chunks) > 1) == (count == 300)
    assert max(costs.cost(one.passage) for one in chunks) <= MOST


@pytest.mark.parametrize(
    "heading", ["## Fault q: fan\n", "Fault q: fan\n---\n", "## A\n\n### Fault\n"]
)
@pytest.mark.parametrize("seed", range(8))
def test_a_heading_stays_with_what_follows(heading: str, seed: int) -> None:
    rng = random.Random(seed)
    intro = " ".join(listed(rng) for _ in range(6))
    behind = " ".join(listed(rng) for _ in range(4))
    items = "".join(f"{n}. {SENTENCE} {listed(rng)}\n" for n in range(8))
    rows = "".join(f"| {n} | {SENTENCE} {listed(rng)} |\n" for n in range(8))
    code = "".join(f"    step_{n} = run('task', {n}, '{listed(rng)}')\n" for n in range(20))
    for below in (
        f"{listed(rng)}\n\n{items}",
        items,
        f"| a | b |\n|---|---|\n{rows}",
        f"```py\ndef main():\n{code}```\n",
        f"***\n\n{items}",
        f"<!-- note -->\n\n{SENTENCE} {items}",
    ):
        text = f"# Note\n\n{intro}\n\n{heading}\n{below}\n## Afterwards\n\n{behind}\n"
        chunks = chunks_of(text)
        (holding,) = [one for one in chunks if heading in one.text]
        _, _, after = holding.passage.partition(heading)
        assert plain.says(after), "some of what is below the heading"
        assert all(says(one) for one in chunks)


@pytest.mark.parametrize(
    "tail", ["## Later\n", "Later\n---\n", "### Later", "## Later\n\n### And\n\n"]
)
def test_a_heading_that_ends_a_page_stays_with_what_is_before(tail: str) -> None:
    for seed in range(30):
        chunks = chunks_of("".join(mixed(seed, 12)) + f"{SENTENCE}\n\n{tail}")
        assert chunks[-1].text.endswith(tail)
        assert all(says(one) for one in chunks)


ROWS = [(f"key{n}", f"{SENTENCE} {SENTENCE} otter{n}") for n in range(12)]


@pytest.mark.parametrize("between", ["", "***\n\n", "<br>\n\n", "<!-- b -->\n\n"])
@pytest.mark.parametrize("comment", ["", "<!-- a -->"])
def test_a_long_heading_takes_some_of_a_long_paragraph(between: str, comment: str) -> None:
    text = f"Text. {comment}\n\n## {'A long heading ' * 20}\n\n{between}{f'{SENTENCE} ' * 13}\n"
    assert all(says(one) for one in chunks_of(text))


LEADS = ("", "> ", "> > ")
"""What a quoted table stands behind."""


def table(kind: str, lead: str = "") -> str:
    """A table over the limit, as it is written in different ways."""
    header, ruler, row = {
        "bars": ("| Key | Meaning |", "|---|---|", "| {} | {} |"),
        "no bars": ("Key | Meaning", "--- | ---", "{} | {}"),
        "aligned": ("| Key | Meaning |", "|:---|---:|", "| {} | {} |"),
        "padded": (
            f"| Key{' ' * 40} | Meaning{' ' * 200} |",
            f"| {'-' * 43} | {'-' * 207} |",
            "| {:<43} | {:<207} |",
        ),
    }[kind]
    lines = [header, ruler, *(row.format(*cells) for cells in ROWS)]
    return "".join(f"{lead}{line}\n" for line in lines)


@pytest.mark.parametrize("kind", ["bars", "no bars", "aligned", "padded"])
@pytest.mark.parametrize("lead", LEADS)
def test_a_piece_of_a_table_begins_with_its_header(kind: str, lead: str) -> None:
    text = f"# Settings\n\nThe keys.\n\n{table(kind, lead)}\nAfter it.\n"
    chunks = chunks_of(text)
    assert len(chunks) > 2
    assert joined(chunks) == text
    for one in chunks:
        assert costs.cost(one.passage) <= MOST
        assert one.passage.count("Meaning") == ("otter" in one.passage), "one header, its own"
        assert "-----" not in one.passage
    for one in chunks[1:]:
        if "otter" in one.text:
            first, second, *_ = [line.text.rstrip(";") for line in plain.lines(one.passage)]
            assert first == "Key · Meaning"
            assert second.startswith("key")
            assert f" · {SENTENCE}" in second
            bar = "" if kind == "no bars" else "| "
            assert one.lead.startswith(f"{lead}{bar}Key | Meaning")


def test_a_table_in_an_item_of_a_list_has_its_header_too() -> None:
    indented = "".join(f"  {line}\n" for line in table("bars").splitlines())
    chunks = chunks_of(f"- In a list:\n\n{indented}\nAfter it.\n")
    pieces = [one for one in chunks if "otter" in one.text]
    assert len(pieces) > 2
    assert all(
        "Key · Meaning" in " ".join(line.text for line in plain.lines(one.passage))
        for one in pieces
    )


def test_a_row_has_the_header_of_its_own_table() -> None:
    names = [("Rope", "Strength"), ("Paint", "Coverage"), ("Timber", "Density")]
    text = "# Stores\n\n"
    for number, (key, meaning) in enumerate(names):
        rows = table("padded").replace("Key    ", f"{key:<7}").replace("Meaning", meaning)
        text += f"## Shelf {number}\n\n{rows.replace('otter', f'otter{number}x')}\n"
    for one in chunks_of(text):
        for number, (_, name) in enumerate(names):
            if f"otter{number}x" in one.text:
                assert [other for _, other in names if other in one.passage] == [name]


def test_a_header_that_is_too_wide_loses_the_names_of_its_last_columns() -> None:
    names = [f"Column{n:02}" for n in range(60)]
    cells = "".join(
        "| " + " | ".join(f"cell {row} {n}" for n in range(60)) + " |\n" for row in range(12)
    )
    chunks = chunks_of(f"| {' | '.join(names)} |\n|{'---|' * 60}\n{cells}")
    leads = {one.lead for one in chunks if one.lead}
    assert len(leads) == 1
    (lead,) = leads
    assert 0 < costs.cost(lead) <= chunk.LIMIT // 4
    kept = [name for name in names if name in lead]
    assert kept == names[: len(kept)]
    assert 0 < len(kept) < 60
    assert [line.count("|") for line in lead.splitlines()] == [len(kept) + 1] * 2
    assert all(costs.cost(one.passage) <= MOST for one in chunks)
    assert len(chunks) < 2 * costs.cost(cells) / (chunk.LIMIT - costs.cost(lead))


# A header or a quote that costs more than a chunk may: what is below it would be cut to bytes.
@pytest.mark.parametrize(
    "text",
    [
        "|" + " a |" * 3000 + "\n|" + "-|" * 3000 + "\n" + ("|" + " b |" * 3000 + "\n") * 3,
        f"| {'name ' * 4000}|\n|---|\n" + f"| {SENTENCE} |\n" * 30,
        "> " * 200 + "```\n" + ("> " * 200 + "code\n") * 5,
        "> " * 1000 + "| a |\n" + "> " * 1000 + "|---|\n" + ("> " * 1000 + "| b |\n") * 5,
        f"```{'info' * 5000}\n" + f"{SENTENCE}\n" * 30,
    ],
    ids=["columns", "name", "quoted code", "quoted table", "info"],
)
def test_what_a_piece_begins_with_leaves_room_for_it(text: str) -> None:
    chunks = chunks_of(text)
    assert joined(chunks) == text
    assert all(costs.cost(one.lead) <= chunk.LIMIT // 4 for one in chunks)
    assert all(costs.cost(one.passage) <= MOST for one in chunks)
    assert len(chunks) < 4 * costs.cost(text) / chunk.LIMIT + 4


@pytest.mark.parametrize(
    ("opened", "closed", "lead"),
    [
        ("```python", "```", "```python\n"),
        ("```", "```", "```\n"),
        ("~~~~ sh", "~~~~", "~~~~sh\n"),
        ('````js {1,3} title="a.js"', "````", "````js\n"),
        ("> ```py", "> ```", "> ```py\n"),
        ("- text\n\n  ```py", "  ```", "  ```py\n"),
    ],
)
def test_a_piece_of_code_begins_with_its_fence(opened: str, closed: str, lead: str) -> None:
    before = lead[: len(lead) - len(lead.lstrip(" >"))]
    lines = "".join(f"{before}value = *{n}* + compute({n}, {n})\n" for n in range(120))
    chunks = chunks_of(f"# T\n\n{opened}\n{lines}{closed}\n\nText behind it.\n")
    pieces = [one for one in chunks if "compute" in one.text][1:]
    assert len(pieces) > 3
    for one in pieces:
        assert one.lead == lead
        found = [line for line in plain.lines(one.passage) if "compute" in line.text]
        assert {line.kind for line in found} == {"code"}
        assert all("*" in line.text for line in found), "no emphasis in code"
    assert chunks[-1].text.endswith("Text behind it.\n")
    assert not any(one.text.strip(" >`~\n") == "" for one in chunks), "no closing fence alone"


def test_what_a_piece_begins_with_is_embedded_with_it() -> None:
    one, other = (
        chunks_of(
            f"| {name} | Meaning |\n|---|---|\n" + "".join(table("bars").splitlines(True)[2:])
        )
        for name in ("Key", "Name")
    )
    assert [chunk.text for chunk in one[1:]] == [chunk.text for chunk in other[1:]]
    assert fresh(one, other) == len(other)


@pytest.mark.parametrize(
    "field",
    ["description", "summary", "excerpt", "abstract", "subtitle", "tagline", "lead", "Summary"],
)
@pytest.mark.parametrize("body", ["", "\n\n", "<!-- made by a program -->\n", "# Keel\n", "***\n"])
def test_a_page_without_text_is_shown_by_what_its_frontmatter_says(field: str, body: str) -> None:
    (one,) = chunks_of(f"---\ntitle: Keel\n{field}: Divers look at it.\n---\n{body}")
    assert one.text == body
    assert one.passage.endswith("Divers look at it.\n")
    assert "program" not in one.passage
    assert says(one)


def test_a_page_with_text_is_shown_by_that_alone() -> None:
    (one,) = chunks_of("---\nsummary: Divers look at it.\n---\nThe keel is of lead.\n")
    assert (one.passage, one.shown) == ("The keel is of lead.\n", None)
    (one,) = chunks_of("---\nsummary: {a: b}\ndescription: ''\n---\n")
    assert one.passage == ""


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("<!-- a\nb -->\n\ntext\nmore\n", (4, 5)),
        ("\n\ntext\n\n<!-- a\nb -->\n", (3, 3)),
        ("---\na: b\n---\n\n[a]: b\n\ntext\n", (7, 7)),
        ("text <!-- a\nb -->\nmore\n<!-- c -->\n<!-- d -->\n\n", (1, 3)),
        ("<!-- a -->\n<!-- b --> text\n", (2, 2)),
        ("import a from 'b';\n\n# Title\n\ntext\n", (3, 5)),
        ("%%\na\n%%\ntext\n", (4, 4)),
        ("text\n", (1, 1)),
        ("<!-- a -->\n", (1, 1)),
        ("", (1, 1)),
    ],
)
def test_the_lines_of_a_chunk_are_those_that_say_something(
    text: str, lines: tuple[int, int]
) -> None:
    (one,) = chunks_of(text)
    assert (one.start_line, one.end_line) == lines


def test_the_lines_of_each_chunk_lie_in_it_where_noise_is_between() -> None:
    for seed in range(20):
        text = "".join(mixed(seed, 40))
        whole = text.split("\n")
        line = 1
        for one in chunks_of(text):
            assert line <= one.start_line <= one.end_line
            first, last = whole[one.start_line - 1], whole[one.end_line - 1]
            assert first.strip()
            assert last.strip()
            assert not first.startswith(("<!--", "-->", "[r", "%%"))
            assert not last.startswith(("<!--", "-->", "[r", "%%"))
            line += one.text.count("\n")
