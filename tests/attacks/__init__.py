"""Repositories that somebody hostile wrote, and every command of the program run in them.

`planted` makes them, `runner` runs the commands in processes that `watch` listens to, `judge` says
what was done that may not be done, and `test_attacks` puts it together. How a kind of attack is
added: a function in one of the `planted` modules, and a line in its table.
"""
