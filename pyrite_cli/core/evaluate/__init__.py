"""How good a ranking is: many questions of one view of an index, and the figures of the answers.

`queries` and `runs` read and write the field's file formats, `asking` asks, `measures` computes.
"""
