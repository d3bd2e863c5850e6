"""The query language: from what a person types to the terms that rank and a tree of what an entry
must be.

`lexer` splits, `parser` decides what each part means, `tree` builds and cuts requirements, `fields`
reads `name:value`. Any string is a query; nothing here looks into an index.
"""
