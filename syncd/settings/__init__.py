"""Configuration: YAML in, frozen and validated settings out.

`load(path)` is the way in; connectors use `syncd.settings.types` to describe their options.
"""

from syncd.settings.loading import load
from syncd.settings.problems import ConfigProblems, Problem
from syncd.settings.settings import DirectorySettings, Settings

__all__ = ["ConfigProblems", "DirectorySettings", "Problem", "Settings", "load"]
