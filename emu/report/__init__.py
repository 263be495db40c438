"""From numbers to what people read: tables in a terminal, and the progress of a run."""
