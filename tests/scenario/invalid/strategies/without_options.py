"""The first backend."""


def pick(backends, memory, now, key, seed, request, attempt):
    return 0
