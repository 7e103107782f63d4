"""The pure decisions, one module each."""
