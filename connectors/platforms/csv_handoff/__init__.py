"""A platform that only takes files: CSV files in a folder, for an import by hand or by machine."""
