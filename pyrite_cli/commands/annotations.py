"""Findings as continuous integration reads them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator

from pyrite_cli.core.text import escape
from pyrite_schemas.replies.check import Finding


def github(findings: Iterable[Finding]) -> Iterator[str]:
    """Workflow commands of GitHub Actions, which shows them beside the lines they name."""
    for one in findings:
        line = f",line={one.line}" if one.line else ""
        title = escape.value(f"pyrite {one.code}")
        file = escape.value(one.file)
        yield f"::error file={file}{line},title={title}::{escape.message(one.message)}"


def gitlab(findings: Iterable[Finding]) -> str:
    """A Code Quality report of GitLab: one JSON document.

    Its fingerprints do not change when lines move.
    """
    seen: Counter[str] = Counter()
    report = []
    for one in findings:
        what = json.dumps([one.kb, one.file, one.code, one.message])
        seen[what] += 1
        digest = hashlib.sha256(f"{what}{seen[what]}".encode()).hexdigest()
        report.append(
            {
                "description": one.message,
                "check_name": f"pyrite-{one.code}",
                "fingerprint": digest[:32],
                "severity": "major",
                "location": {"path": one.file, "lines": {"begin": max(one.line, 1)}},
            }
        )
    return json.dumps(report, indent=2, ensure_ascii=False)
