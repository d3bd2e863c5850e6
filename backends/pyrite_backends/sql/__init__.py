"""What both engines share: tables and their rows, statements with `?` marks, conditions, the walk
over what a query asks, the choice of chunks that need no ranking, and checks.

An engine's class inherits from `reader` and `writer` and gives what differs as methods.
"""
