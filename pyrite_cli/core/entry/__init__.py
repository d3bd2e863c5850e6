"""Entries: from the bytes of one Markdown file to its frontmatter, links and chunks.

`parse` is the way in; it asks `frontmatter` and `markdown`, has the body cut by `chunk`, and holds
what it found to the `rules` of a KB by `validate`. All of it is a function of one file's bytes, its
path and the configuration. What changes its results is a version in `pyrite_backends.port.format`.
"""
