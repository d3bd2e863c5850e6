"""The port: all that the program may see of where things are kept.

`index` and `vectors` have the protocols an engine implements; the rest is what both sides of the
port must agree on: what an index is made of (`format`), what a word is worth (`scoring`), what
entries are called (`names`) and what links between them mean (`links`).
Nothing here imports an engine or a driver.
"""
