"""Times packed into a line of text: what was packed comes out again, and nothing else is taken."""

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.workload._packing import LATEST, packed, unpacked


@given(gaps=st.lists(st.integers(0, 2**48), min_size=1, max_size=30))
def test_what_was_packed_comes_out(gaps):
    """Any times in order, also equal ones."""
    times = np.cumsum(np.array(gaps, np.int64))
    assert unpacked(packed(times)).tolist() == times.tolist()


@pytest.mark.parametrize("bits", range(54))
def test_every_size_of_a_gap(bits):
    """On both sides of every power of two, up to the latest time that there may be."""
    for time in {2**bits - 1, 2**bits, min(2**bits + 1, LATEST)}:
        assert unpacked(packed(np.array([time, time]))).tolist() == [time, time]


def test_the_text_is_leb128_in_base64():
    """300 is 0xAC 0x02: so the text, and the digest made of it, stay what they are."""
    assert packed(np.array([0, 300, 301])) == base64.b64encode(b"\x00\xac\x02\x01").decode()


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (b"", "is cut off"),
        (b"\x01\x80", "is cut off"),
        (b"\x80" * 8 + b"\x01", "holds too large a number"),
        (b"\xff" * 7 + b"\x7f", "holds too late a time"),
    ],
)
def test_what_nobody_packed_is_refused(written, what):
    """Cut off, or with numbers beyond the latest time."""
    with pytest.raises(ValueError, match=what):
        unpacked(base64.b64encode(written).decode())


@pytest.mark.parametrize("text", ["*", "AAA", "AAAA ", "ä"])
def test_what_is_no_base64_is_refused(text):
    """With a ValueError, whatever is wrong with it."""
    with pytest.raises(ValueError):
        unpacked(text)
