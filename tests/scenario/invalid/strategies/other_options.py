"""Options that are no model."""

Options = {"most": 2}


def pick(backends, memory, now, key, seed, request, attempt):
    """Says which."""
    return 0
