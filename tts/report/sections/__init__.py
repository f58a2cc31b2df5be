"""The report's sections: each its text, pictures and tables."""
