"""Raises while it is read."""

raise RuntimeError("not today")
