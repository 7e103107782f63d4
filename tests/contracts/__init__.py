"""One suite per port, and the in-memory implementations the engine's tests run against."""
