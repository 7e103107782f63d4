"""The whole product through its command line, against real servers."""
