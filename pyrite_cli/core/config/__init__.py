"""Configuration: finding and reading `pyrite.yaml`, and what is said of a mistake in it."""
