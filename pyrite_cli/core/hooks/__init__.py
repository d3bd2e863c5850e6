"""Git's hooks: Pyrite's lines in them, and the syncs that they start in the background.

The one room whose work goes into a repository, and only when the user asks for it.
"""
