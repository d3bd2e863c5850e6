"""All that is native to PostgreSQL."""
