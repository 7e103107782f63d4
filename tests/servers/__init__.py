"""Real servers for tests and benchmarks, each private to a directory and to the loopback network.

`with Slapd.start(directory, people=100) as slapd: …` starts one; leaving the block ends it. Nothing
outside `directory` is written, nothing listens outside 127.0.0.0/8, and no child outlives us.
"""
