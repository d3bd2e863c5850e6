"""Measurements. `make bench` runs them; each figure stands beside a floor of the same run."""
