"""A pick that takes what it likes."""


def pick(backends, request):
    """Says which."""
    return request % len(backends)
