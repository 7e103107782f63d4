"""The register: the one truth about who should have what, and the one place where a seat is granted.

All SQL lives here. SQLite by default, PostgreSQL when more than one machine works on it.
"""
