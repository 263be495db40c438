"""From a run's Parquet files to its numbers. Reads files only; knows no engine.

Everything streams over the row groups, so memory does not grow with the number of requests.
"""
