"""Where the lab cannot run, its tests are skipped, and say what is missing."""

import pytest

from emu.lab import missing


@pytest.fixture(params=["iptables", "nftables"])
def mode(request):
    """A mode that nodes can have here."""
    lacking = missing(request.param)
    if lacking:
        pytest.skip("; ".join(lacking))
    return request.param
