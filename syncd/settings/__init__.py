"""Configuration: YAML in, frozen and validated settings out."""
