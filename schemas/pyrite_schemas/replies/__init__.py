"""Answers: the replies of `--json` and of the library, one module a family."""
