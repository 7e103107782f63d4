"""The rules of licenses."""
