"""Which of several entries that ask for one id has it."""

from __future__ import annotations


def keys(claims: dict[str, str]) -> dict[str, str]:
    """The id of every path, from the id each asks for: of several claimants the first by path
    has it, unless it is another file's path; the rest have their path."""
    owner: dict[str, str] = {}
    for path in sorted(claims):
        owner.setdefault(claims[path], path)
    return {
        path: claim if owner[claim] == path and (claim == path or claim not in claims) else path
        for path, claim in claims.items()
    }
