"""What a run writes: column definitions, Parquet files, and the run folder."""
