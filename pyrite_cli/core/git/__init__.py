"""Git: running it without side effects, where a KB's repository lies, and what it holds.

A `Source` is a KB's files at one moment; `repository` reads what the files of `.git` tell without
starting a process, for it is on the path of every search; everything else asks through `command`.
Nothing here writes to a repository.
"""
