"""PURE rules of licenses: how long they last. No clock, no I/O, no third party."""
