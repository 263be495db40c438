"""Slow loops: SimPy processes that both engines share, each one file.

They come before the events of requests of the same instant.
"""
