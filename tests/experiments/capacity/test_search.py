"""Bisection along a range, with verdicts that may be in doubt."""

from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.experiments.capacity.search import Found, Verdict, search

M, F, U = Verdict.MEETS, Verdict.FAILS, Verdict.UNDECIDED


def found(verdicts):
    """The search over these verdicts, and which places it asked for."""
    asked = []

    def judge(places):
        asked.extend(places)
        return [verdicts[place] for place in places]

    return search(len(verdicts), judge), asked


@pytest.mark.parametrize(
    ("verdicts", "wanted"),
    [
        ([F, F, M, M], Found(2, 1, least=True)),
        ([M, M, M, F], Found(2, 3, least=False)),
        ([F, U, M, M], Found(2, 0, least=True)),
        ([M, U, U, F], Found(0, 3, least=False)),
        ([U, U, M, M], Found(2, None, least=True)),
        ([F, F, F], Found(None, 2)),
        ([F, U, U], Found(None, 0)),
        ([U, U], Found(None, None)),
        ([M, M, M], Found(0, None)),
        ([M], Found(0, None)),
        ([F], Found(None, 0)),
    ],
)
def test_small_ranges(verdicts, wanted):
    """The answer is the value next to the bound that surely will do, with the nearest that surely
    will not."""
    assert found(verdicts)[0] == wanted


@given(st.integers(0, 60), st.integers(0, 5), st.integers(1, 60), st.booleans())
def test_any_range_with_one_bound(failing, doubtful, meeting, rising):
    """Wherever the bound lies and however many are in doubt, both its sides are found, in about as
    many judgements as two bisections take."""
    verdicts = [F] * failing + [U] * doubtful + [M] * meeting
    if not rising:
        verdicts.reverse()
    one, asked = found(verdicts)
    if not failing + doubtful:
        assert one == Found(0, None)
        return
    places = range(len(verdicts)) if rising else range(len(verdicts) - 1, -1, -1)
    assert one.answer == places[failing + doubtful]
    assert one.fails == (places[failing - 1] if failing else None)
    assert one.least is rising
    assert len(asked) <= 2 + 2 * (ceil(log2(len(verdicts))) + 1)
    assert len(set(asked)) == len(asked)
