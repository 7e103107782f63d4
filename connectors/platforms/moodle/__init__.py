"""Moodle by its own web services; companies and licenses of IOMAD where that is what runs."""
