"""For tests, ours and those of who writes a backend: the contract suites every backend passes, and in-memory twins.

The suites need pytest, which the server itself does not.
"""
