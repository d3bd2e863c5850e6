"""What nobody reads of a body is found, and nothing else: what is left is what a page shows."""

from __future__ import annotations

import base64
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyrite_cli.core.entry import markdown, noise, spans
from pyrite_cli.core.entry.parse import parse
from tests.effort import examples


def find(text: str) -> noise.Noise:
    raw = text.encode()
    return noise.find(text, raw, markdown.scan(text, raw, "", 1))


def left(text: str) -> str:
    """What of a text is searched."""
    raw = text.encode()
    return spans.without(raw, 0, len(raw), find(text).spans).decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a <!-- b --> c", "a  c"),
        ("<!-- a\n\nb\n-->\nc", "\nc"),
        ("<!---->a<!-- -->b<!-- - -- -->", "ab"),
        ("<!-->a<!-- b -->", "a"),
        ("<!--->a<!-- b -->", "a"),
        ("<!--\n```\n-->\na\n<!-- b -->", "\na\n"),
        ("# A <!-- b -->\n", "# A \n"),
        ("> a <!-- b\n> c --> d", "> a  d"),
        ("a {/* b */}c", "a c"),
        ("{/*\n\n# b\n\n*/}\nc", "\nc"),
        ("a {{/* b */}}c", "a c"),
        ("a {{</* b */>}}c", "a c"),
        ("a {% comment %}b\n\nc{% endcomment %}d", "a d"),
        ("a {# b #} c", "a  c"),
    ],
)
def test_comments_of_each_kind_are_silent(text: str, expected: str) -> None:
    assert left(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a <!-- b\n\nc",
        "a {/* b",
        "a {% comment %} b",
        "a {# b",
        "# A {#a}\n\nb #}",
        "a --> b */} #}",
        "a < !-- b --> c",
        "x<!-y->z",
        "`<!-- a -->` and `{/* b */}`",
        "```html\n<!-- a -->\n```",
        "~~~\n{/* a */}\n~~~",
        "    <!-- a -->\n    {# b #}",
        "``a ` <!-- b -->`` c",
        "- item\n\n      <!-- indented code -->\n",
    ],
)
def test_a_comment_that_is_not_closed_or_in_code_is_text(text: str) -> None:
    assert left(text) == text


def test_comments_behind_one_in_code_and_before_one_that_is_not_closed_are_silent() -> None:
    assert left("`<!--` a <!-- b --> c `-->` <!-- d") == "`<!--` a  c `-->` <!-- d"
    assert left("`<!--`\n\n```\n-->\n```\n\na <!-- b -->") == "`<!--`\n\n```\n-->\n```\n\na "


def test_thousands_of_comments_are_all_silent() -> None:
    text = "".join(f"a{n} <!-- b{n} --> {{/* c */}}\n\n" for n in range(5000))
    assert left(text) == "".join(f"a{n}  \n\n" for n in range(5000))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a]: https://a.example\n", ""),
        ("Text.\n\n[a]: b\n[c]: <d e> 'f'\n\nMore.\n", "Text.\n\n\nMore.\n"),
        ("[a]:\n   https://a.example\n   'a title'\n\nb\n", "\nb\n"),
        ("   [a]: b\n", ""),
        ("[a \\] b]: c\n", ""),
        ("[föhn]: /a\n\nText.", "\nText."),
        ("[a]: b\n# Heading\n", "# Heading\n"),
        ("[a]: b\n\n- item\n", "\n- item\n"),
        ("[a]: b\n> quote\n", "> quote\n"),
        ("[a]: b\n```\ncode\n```\n", "```\ncode\n```\n"),
        ("# T\n[a]: b\n", "# T\n"),
        ("*[HTML]: Hyper Text\n\nHTML.\n", "\nHTML.\n"),
        ("[a]: data:image/png;base64,iVBORw0KGgo\n", ""),
    ],
)
def test_definitions_are_silent(text: str, expected: str) -> None:
    assert left(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "[^1]: A note that is read.\n",
        "Text first\n[12:30]: the engine started.\n",
        "```ini\n[a]: b\n```\n",
        "    [a]: b\n",
        "`[a]: b`\n",
        "- [x]: done\n",
        "see [a]: it is [b](c): so\n",
        "[a] : b\n",
        "```\n*[HTML]: Hyper Text\n```\n",
        "~~~\n\n[a]: b\n\n~~~\n",
    ],
)
def test_what_looks_like_a_definition_is_text(text: str) -> None:
    assert left(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a %%b%% c", "a  c"),
        ("a %% b %% c %%d%%", "a  c "),
        ("%%\na\n\nb\n%%\nc", "\nc"),
        ("- %% a\nb %%\nc", "- \nc"),
        ("%% a %%\n\nb\n\n%%\nc\n%%", "\n\nb\n\n"),
    ],
)
def test_comments_of_a_vault_are_silent(text: str, expected: str) -> None:
    assert left(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "5%% of them, and 10%% more",
        "a %% b",
        "a %%b\n\nc%% d",
        "printf(%%d) is\n%% and so on %%x",
        "`%%a%%` %",
        "```\n%%time\n%%\n```",
        "%%% a %%%",
        "a%%b%%c",
    ],
)
def test_other_uses_of_percent_signs_are_text(text: str) -> None:
    assert left(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\n<script>\n\nlet b = '</p>';\n\n</script>\n\nc\n", "a\n\n\n\nc\n"),
        ('<script type="application/ld+json">{"a": "b"}</script>', ""),
        ("<style>\n.a { b: c }\n\n.d {}\n</style>\ne", "\ne"),
        ("a <svg viewBox='0'><path d='M0'/><title>t</title></svg> b", "a  b"),
        ("<SCRIPT>a</SCRIPT >b", "b"),
        ("<style>a</style><style>b</style>c", "c"),
    ],
)
def test_programs_style_sheets_and_drawings_are_silent(text: str, expected: str) -> None:
    assert left(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "<script> that is never closed </style>",
        "<scripted>a</scripted>",
        "Write `<style>a</style>` so.",
        "```html\n<script>a</script>\n```",
        "<details><summary>a</summary>b</details>",
        "<ins>a</ins> <b>c</b>",
    ],
)
def test_other_elements_are_text(text: str) -> None:
    assert left(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import A from 'a';\n\nText.\n", "\n\nText.\n"),
        ('import {A,\n  B} from "a"\nimport "b.css"\n\nText.\n', "\n\n\nText.\n"),
        ("export const a = {\n  b: 1,\n};\n\nText.\n", "\n\nText.\n"),
        ("export default function A() {}\n\nText.\n", "\n\nText.\n"),
        ("Text.\n\nexport {a} from 'b';", "Text.\n\n"),
    ],
)
def test_modules_of_mdx_are_silent(text: str, expected: str) -> None:
    assert left(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "import duties rise from 'a' to b.\n",
        "export to Norway is free.\n",
        "Text, import A from 'a';\n",
        "```js\nimport A from 'a';\nexport const b = 1;\n```\n",
        "    import A from 'a';\n",
        "important from 'a'\n",
    ],
)
def test_what_is_no_module_is_text(text: str) -> None:
    assert left(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "- a\n  id:: 65f1c0de-1a2b-4c3d-8e9f-0123456789ab\n  collapsed:: true\n- b\n",
            "- a\n- b\n",
        ),
        ("- a\n\tlogseq.order-list-type:: number\n", "- a\n"),
        ("- TODO a\n  :LOGBOOK:\n  CLOCK: [x]\n  :END:\n- b\n", "- TODO a\n\n- b\n"),
        ("- a\n  author:: [[Ann]]\n", "- a\n  author:: [[Ann]]\n"),
        ("std::vector and id::name\n", "std::vector and id::name\n"),
        ("```\nid:: 1\n```\n", "```\nid:: 1\n```\n"),
        (":LOGBOOK: a\n", ":LOGBOOK: a\n"),
    ],
)
def test_what_a_tool_notes_for_itself_is_silent(text: str, expected: str) -> None:
    assert left(text) == expected


def encoded(count: int, seed: int = 1) -> str:
    """As many bytes of noise, in base64."""
    return base64.b64encode(random.Random(seed).randbytes(count)).decode()


def broken(text: str, columns: int) -> str:
    """A text in lines of one length."""
    return "\n".join(text[at : at + columns] for at in range(0, len(text), columns))


DATA = {
    "address": f"![a](data:image/png;base64,{encoded(3000)})",
    "quotes": f"<img alt='a' src='data:image/png;base64,{encoded(3000)}'>",
    "wrapped": f"<img src='data:image/png;base64,\n{broken(encoded(3000), 76)}'>",
    "definition": f"[a]: <data:image/png;base64,{encoded(3000)}>",
    "percent": f"![a](data:image/svg+xml;utf8,{'%3Cpath%20d=%22M0%22/%3E' * 99})",
    "font": f"<p style='src: url(data:font/woff2;charset=utf-8;base64,{encoded(3000)})'>",
    "one line": encoded(3000),
    "fence": f"```\n{encoded(3000)}\n```",
    "lines": broken(encoded(3000), 76),
    "certificate": f"```\n-----BEGIN X-----\n{broken(encoded(3000), 64)}\n-----END X-----\n```",
    "last line": broken(encoded(3001), 76),
    "hex": random.Random(1).randbytes(3000).hex(),
}


@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
def test_encoded_data_is_silent_wherever_it_stands(data: str) -> None:
    text = f"# T\n\nBefore it.\n\n{data}\n\nBehind it.\n"
    shown = left(text)
    assert shown.startswith("# T\n\nBefore it.\n")
    assert shown.endswith("\n\nBehind it.\n")
    assert max(map(len, shown.split())) < 100
    assert len(shown) < 400


@pytest.mark.parametrize("columns", [48, 64, 76])
def test_the_last_line_of_data_may_be_shorter(columns: int) -> None:
    data = broken(encoded(3001), columns)
    assert left(f"Before.\n\n{data}\n\nBehind.\n") == "Before.\n\n\n\nBehind.\n"
    assert left(f"Before.\n\n{data}\nBehind it.\n") == "Before.\n\n\nBehind it.\n"


def test_what_stands_around_an_address_is_text() -> None:
    address = f"data:image/png;base64,{encoded(3000)}"
    assert left(f"a ![Chart of tides]({address}), b") == "a ![Chart of tides](), b"
    assert left(f"<img src='{address}' alt='Chart'>\n\nb\n") == "<img src='' alt='Chart'>\n\nb\n"
    wrapped = address.replace(",", ",\n")
    assert left(f"<img src='{wrapped}' alt='Chart'>\n\nb\n") == "<img src='' alt='Chart'>\n\nb\n"
    assert left(f"[Get]({address})\n[it]({address})\n") == "[Get]()\n[it]()\n"


def test_small_pictures_are_silent_too_where_a_page_has_many() -> None:
    pictures = [
        f"Figure {n}: ![](data:image/png;base64,{encoded(90, n)}) shown.\n" for n in range(50)
    ]
    assert left("".join(pictures)) == "".join(f"Figure {n}: ![]() shown.\n" for n in range(50))


@pytest.mark.parametrize(
    "text",
    [
        "word " * 5000,
        "https://a.example/" + "path/" * 40,
        "漢字かな交じり文。" * 400,
        "слово" * 1000,
        "\n".join(f"- [{n}](https://a.example/{n})" for n in range(400)),
        "\n".join(f"entry_{n % 10}_of_a_list" for n in range(400)),
        "\n".join("x" * (1 + n % 90) for n in range(400)),
        "".join(f"| {n} | text of a cell | 12.50 |\n" for n in range(400)),
        "A sentence of a paragraph in one line, with commas, and an end. " * 200,
        "\n" * 5000,
        "data: and data:text/plain,short",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_long_text_is_no_data(text: str) -> None:
    assert left(text) == text
    assert find(text).data == 0


MINIFIED = {
    "javascript": "".join(f"var a{n}=function(n){{return n+{n}}};" for n in range(400)),
    "css": "".join(f".a{n}{{margin:0 auto;color:#fa{n}}}" for n in range(400)),
    "json": "[" + ", ".join(f'{{"id": {n}, "level": {n * 7}}}' for n in range(400)) + "]",
}


@pytest.mark.parametrize("program", MINIFIED.values(), ids=MINIFIED)
@pytest.mark.parametrize("fence", ["```\n{}\n```", "{}"])
def test_programs_without_line_breaks_are_silent(program: str, fence: str) -> None:
    shown = left(f"The script counts.\n\n{fence.format(program)}\n\nAsk before.\n")
    assert shown == f"The script counts.\n\n{fence.format('')}\n\nAsk before.\n"


@pytest.mark.parametrize("program", MINIFIED.values(), ids=MINIFIED)
def test_a_program_with_line_breaks_is_code(program: str) -> None:
    text = f"```\n{program.replace(';', ';' + chr(10)).replace('}', '}' + chr(10))}\n```\n"
    assert left(text) == text


def test_how_much_data_there_is_counts_bytes_once() -> None:
    data = f"data:image/png;base64,{encoded(30_000)}"
    assert find(f"![a]({data})\n").data == len(data)
    assert find("a <!-- b -->\n").data == 0
    entry = parse("a.md", "0" * 40, f"# T\n\n![a]({data})\n".encode(), ())
    (found,) = entry.diagnostics
    assert (found.code, found.line) == ("data", 0)
    assert f"{len(data):,} bytes" in found.message


def test_the_padding_of_a_table_is_silent_where_there_is_much_of_it() -> None:
    padded = "| Key      | Meaning     |\n| -------- | ----------- |\n| a        | b           |\n"
    assert left(padded) == "| Key | Meaning |\n| - | - |\n| a | b |\n"
    quoted = "".join(f"> {line}\n" for line in padded.splitlines())
    assert left(quoted) == "> | Key | Meaning |\n> | - | - |\n> | a | b |\n"
    plain = "| Key | Meaning |\n| --- | --- |\n| a  b | c -- d and some more words |\n"
    assert left(plain) == plain
    for text in (f"```\n{padded}```\n", "no  table   here  ------  at all\n"):
        assert left(text) == text


PIECES = [
    "a word. ", "\n", "\n\n", "<!-- ", " -->", "{/* ", " */}", "%%", " %% ", "`", "```\n", "    ",
    "[a]: b\n", "[^1]: note\n", "<script>", "</script>", "<svg>", "</svg>", "# Head\n", "- ", "> ",
    "import a from 'b'\n", "export const a = 1\n", "id:: 1\n", ":LOGBOOK:", ":END:", "{# ", " #}",
    "| a | b |\n|---|---|\n| 1    | 2        |\n", "x" * 1200, "漢字", "é", "{% comment %}",
    "{% endcomment %}", f"![p](data:image/png;base64,{'A' * 1300})", "f(){a=1;}" * 500,
    "word " * 999, f"{broken('Q' * 1300, 64)}\n",
]  # fmt: skip
bodies = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(max_examples=examples(200))
@given(bodies, st.data())
def test_spans_lie_apart_in_order_and_with_the_rest_are_the_text(
    text: str, data: st.DataObject
) -> None:
    raw = text.encode()
    found = find(text).spans
    edges = [0, *(edge for span in found for edge in span), len(raw)]
    assert edges == sorted(edges)
    assert all(start < end for start, end in found)
    assert all(left[1] < right[0] for left, right in itertools.pairwise(found))
    rest = [raw[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    assert spans.without(raw, 0, len(raw), found) == b"".join(rest)
    for start, end in [*found, *zip(edges[::2], edges[1::2], strict=True)]:
        raw[start:end].decode()  # whole characters
    first = data.draw(st.integers(0, len(raw)))
    last = data.draw(st.integers(first, len(raw)))
    silent = {at for start, end in found for at in range(max(start, first), min(end, last))}
    kept = bytes(raw[at] for at in range(first, last) if at not in silent)
    assert spans.without(raw, first, last, found) == kept
    if first < last:
        assert spans.overlaps(found, first, last) == bool(silent)
    if first < len(raw):
        holding = next(((a, b) for a, b in found if a <= first < b), (-1, 0))
        assert (spans.before(found, first), spans.behind(found, first)) == holding


CODE = st.lists(
    st.sampled_from([one for one in PIECES if "```" not in one and len(one) < 100]), max_size=12
).map("".join)


@settings(max_examples=examples(100))
@given(CODE)
def test_code_is_left_alone(code: str) -> None:
    fenced = "\n".join(f"````\n{code}\n````\n\nText.\n".split("\n"))
    assert left(fenced) == fenced
    indented = "".join(f"    {line}\n" for line in code.split("\n") if line.strip())
    assert left(f"Text.\n\n{indented}\n") == f"Text.\n\n{indented}\n"


# Marks that open thousands of times and never close: a search for each end would never end.
@pytest.mark.parametrize(
    "piece",
    [
        "<!-- ", "{/* ", "{% comment %} ", "{# ", "%%a ", "%%\n", "<script>", "<svg ", "[a]: b\n",
        "[a]:\n\n", "import {", "export const a\n", "id:: a\n", ":LOGBOOK: ", "`<!-- ", "*[a]: b\n",
        "data:image/png;base64,", "a" * 999 + " ", "| a      |\n|---|\n",
    ],
    ids=repr,
)  # fmt: skip
def test_hostile_marks_are_read_in_time(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    raw = text.encode()
    found = noise.find(text, raw, markdown.NOTHING).spans
    assert found == spans.joined(found)
