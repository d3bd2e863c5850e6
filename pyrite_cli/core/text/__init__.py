"""Text as such, whatever it came from: its tokens, names from code in it, words that differ by a
slip of the finger, Markdown as plain prose.

The floor of the program: nothing here knows git, entries, queries or an index.
"""
