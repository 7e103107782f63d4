"""The command line: one file per group of commands. The only place that prints."""

from syncd.cli.program import main

__all__ = ["main"]
