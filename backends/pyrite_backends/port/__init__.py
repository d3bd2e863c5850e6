"""The port: all that the program may see of where things are kept.

`index` has the protocols an engine implements; the rest is what both sides of the port must agree
on: what entries are called (`names`) and what links between them mean (`links`).
Nothing here imports an engine or a driver.
"""
