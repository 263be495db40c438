"""From a run's Parquet files to its numbers, and from the numbers of runs to what differs.

Reads files only; knows no engine.

Everything streams over the row groups, so memory does not grow with the number of requests.
"""
