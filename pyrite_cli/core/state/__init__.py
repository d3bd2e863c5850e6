"""Rules for what git does not hold; no SQL."""
