"""syncd: people from a company's directory onto its learning platform, with a license each."""

__version__ = "0.1.0"
