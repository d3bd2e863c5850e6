"""How the tables of state came to be what they are (Alembic)."""
