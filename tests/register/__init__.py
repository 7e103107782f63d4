"""The register on both databases: what they must refuse, and what becomes of a plan that is recorded."""
