"""All that is native to SQLite."""
