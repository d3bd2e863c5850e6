"""Questions: a frozen request for each reply of `pyrite_schemas.replies`.

Names of KBs, types and fields are as configured and written; files are named as the caller would
name them.
"""
