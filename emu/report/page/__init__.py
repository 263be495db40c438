"""One page of HTML about runs: a section a file, each a function that gives a `Section` or None.

A chart stands with its numbers in a table. Nothing here knows HTML but `writing` and the files
beside it, which make the page of the parts; nothing draws from single requests.
"""
