"""The page: one file that works offline."""
