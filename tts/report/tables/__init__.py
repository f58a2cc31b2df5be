"""Tables as files: CSV, Parquet, and lines for the terminal."""
