"""How the constants of ranking were chosen: what was tried, on what, and what it gave.

Ranking a question takes the program milliseconds and a change of a constant a rebuilt program; here
the words, fields and vectors of an index the program made become sparse matrices, and a variant is
a product of two of them. The first rows are checked against the program's own figures.
"""
