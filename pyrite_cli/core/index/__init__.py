"""The index and its source: making them equal, saying how they stand to each other, proving it.

`sync` plans (`plan`) and writes what the `pipeline` parses; `status` compares cheaply, `verify`
derives everything again; `check` reads the files alone and needs no index.
"""
