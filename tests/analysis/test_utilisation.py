"""How busy the workers were, and Little's law."""

import numpy as np
import pytest

from emu.analysis.little import little
from emu.analysis.reading import Requests
from emu.analysis.utilisation import busy_ns, utilisation
from emu.recorder.expected import Expected
from emu.recorder.rows import ABSENT, Outcome

S = 1_000_000_000


def serve(synthetic, folder, services, warmup_ns=0, end_ns=10 * S, workers=1, **header):
    """A run with one request for each (pod, start, end) in seconds, None for never."""
    rows = synthetic.rows(len(services))
    rows["outcome"] = Outcome.OK
    rows["intended_ns"] = 0
    for row, (pod, start, end) in zip(rows, services, strict=True):
        row["pod"] = pod
        row["service_start_ns"] = ABSENT if start is None else int(start * S)
        row["service_end_ns"] = ABSENT if end is None else int(end * S)
    names = [name for name, _, _ in synthetic.places.pods]
    expected = Expected(warmup_ns=warmup_ns, workers=dict.fromkeys(names, workers))
    return synthetic.record(folder, rows, end_ns=end_ns, expected=expected, **header)


def shares(folder):
    """The utilisation of each Pod."""
    requests = Requests(folder)
    return utilisation(busy_ns(requests), requests.header)


@pytest.mark.parametrize(
    ("service", "busy"),
    [
        ((0, 3, 5), 0.25),  # within the window from 2 s to 10 s
        ((0, 0, 2), 0.0),  # before
        ((0, 1, 4), 0.25),  # over its beginning
        ((0, 9, 30), 0.125),  # over its end
        ((0, 0, 30), 1.0),  # over all of it
        ((0, 6, None), 0.5),  # still served at the end
        ((0, None, None), 0.0),  # never served
    ],
)
def test_a_service_counts_for_its_part_in_the_window(synthetic, tmp_path, service, busy):
    """The share of the window during which the worker was busy."""
    folder = serve(synthetic, tmp_path, [service], warmup_ns=2 * S)
    assert shares(folder) == {
        "default/web-1": busy, "default/web-2": 0.0, "default/web-3": 0.0,
    }  # fmt: skip


def test_pods_are_kept_apart_and_workers_share_the_load(synthetic, tmp_path):
    """Two workers that are busy for 4 s and 6 s of 10 s are busy for half of their time."""
    services = [(0, 0, 4), (0, 1, 7), (1, 0, 10), (1, 0, 10)]
    folder = serve(synthetic, tmp_path, services, workers=2)
    assert shares(folder) == {
        "default/web-1": 0.5, "default/web-2": 1.0, "default/web-3": 0.0,
    }  # fmt: skip


def test_shared_workers_are_busy_for_what_the_header_says(synthetic, tmp_path):
    """Two requests share a worker for 10 s: it was busy for 10 s, not for 20, as the header of the
    run knows; the other Pods go by their rows."""
    services = [(0, 0, 10), (0, 0, 10), (1, 0, 4)]
    folder = serve(synthetic, tmp_path, services, busy_ns={"default/web-1": 10 * S})
    assert shares(folder) == {
        "default/web-1": 1.0, "default/web-2": 0.4, "default/web-3": 0.0,
    }  # fmt: skip


def test_a_run_of_no_length_was_not_busy(synthetic, tmp_path):
    """Ended within the warm-up, a run has utilisation 0 and no division by it."""
    folder = serve(synthetic, tmp_path, [(0, 1, 2)], warmup_ns=5 * S, end_ns=3 * S)
    assert set(shares(folder).values()) == {0.0}


def test_littles_law_is_exact_where_the_window_holds_everything(synthetic, tmp_path):
    """L = lambda W to the last digits when nobody is in the system at either end."""
    rows = synthetic.rows(5000)
    rows = rows[rows["outcome"] == Outcome.OK]
    end_ns = int(rows["done_ns"].max())
    law = little(synthetic.record(tmp_path, rows, end_ns=end_ns, expected=Expected()))
    assert law.mean_number == pytest.approx(law.rate * law.mean_seconds, rel=1e-12)
    assert law.mean_number > 1


def test_littles_law_holds_on_a_window_of_a_steady_run(synthetic, tmp_path):
    """Cut at both ends, the three quantities are of different requests, and agree."""
    rows = synthetic.rows(20_000)
    rows["outcome"] = Outcome.OK
    for field, delay in (("service_start_ns", 1), ("service_end_ns", 20), ("done_ns", 40)):
        rows[field] = rows["pod_ns"] + delay * S // 1000
    warmup, end = int(rows["intended_ns"][2000]), int(rows["intended_ns"][18_000])
    folder = synthetic.record(tmp_path, rows, end_ns=end, expected=Expected(warmup_ns=warmup))
    for start, finish in (("intended_ns", "done_ns"), ("pod_ns", "service_end_ns")):
        law = little(folder, start, finish)
        assert law.mean_number == pytest.approx(law.rate * law.mean_seconds, rel=5e-3)
    assert law.mean_seconds == pytest.approx(0.02)


def test_those_who_never_leave_are_in_the_system(synthetic, tmp_path):
    """A request in flight at the end counts in L from its arrival on, and not in W."""
    rows = synthetic.rows(2)
    rows["intended_ns"] = [0, 5 * S]
    rows["done_ns"] = [2 * S, ABSENT]
    law = little(synthetic.record(tmp_path, rows, end_ns=10 * S, expected=Expected()))
    assert law == (0.7, 0.2, 2.0)


def test_the_window_is_not_empty_by_mistake(synthetic, tmp_path):
    """A run of no length has no rate rather than an error."""
    rows = synthetic.rows(1)
    law = little(synthetic.record(tmp_path, rows, end_ns=0, expected=Expected()))
    assert np.isfinite(law).all()
