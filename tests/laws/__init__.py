"""Laws that are known exactly, held against the emulator: `make laws` writes docs/validation.md.

A law is a file in ``known/``: its docstring says what it is and where it comes from, the first line
as a title; ``rows()`` gives its `Row`s.
"""
