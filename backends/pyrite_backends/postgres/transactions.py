"""How transactions begin, each in one message: a server may be far away.

All that is set ends with the transaction: a pooler may give the next one another session.
"""

from __future__ import annotations

from pyrite_backends.postgres import owners
from pyrite_backends.postgres.connection import READ_SECONDS

_SETTINGS = f"""SET LOCAL jit = off; SET LOCAL DateStyle = ISO;
SET LOCAL standard_conforming_strings = on; SET LOCAL gin_fuzzy_search_limit = 0;
SET LOCAL random_page_cost = 1.1; {owners.PATH}"""
"""What a role's or database's own settings must not change: how values are read, what names mean,
and answers. Compiling a query takes longer than any of ours. What is searched lies in memory or on
a disk without arms, where the next page costs no less than any other."""
SHORT = f"BEGIN ISOLATION LEVEL READ COMMITTED; {_SETTINGS}"
READ = f"""BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_SETTINGS};
SELECT set_config('statement_timeout', '{READ_SECONDS}s', true)
WHERE NOT current_setting('statement_timeout')::interval
 BETWEEN '1 millisecond' AND '{READ_SECONDS} seconds'"""
"""What is asked for may be dear, and a server has others to serve too."""
WRITE = f"""{SHORT}; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0"""
"""A sync takes its time, and a server that ends it for that would never let it finish."""
