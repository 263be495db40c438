"""The first backend."""


def pick(backends, memory, now, key, seed, request, attempt):
    """Says which."""
    return 0
