"""Finding: by keyword, by meaning and by both; what an answer shows of an entry; what was meant
where nothing was found.

The engines rank chunks; `ranking` weighs entries, `snippet` picks what is shown, `suggestion` looks
for what is near, `related` for what else to read, `lookup` for one entry by its name.
"""
