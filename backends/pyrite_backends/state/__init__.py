"""State on both engines: tables, transactions and migrations."""
