"""Findings as continuous integration reads them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator

from pyrite_schemas.replies.check import Finding


def github(findings: Iterable[Finding]) -> Iterator[str]:
    """Workflow commands of GitHub Actions, which shows them beside the lines they name."""
    for one in findings:
        line = f",line={one.line}" if one.line else ""
        title = _property(f"pyrite {one.code}")
        yield f"::error file={_property(one.file)}{line},title={title}::{_message(one.message)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


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
