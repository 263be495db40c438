"""The series of metrics.parquet, gathered."""

import numpy as np
import pytest

from emu.analysis.series import series
from emu.recorder.writing import Recording

S = 1_000_000_000


@pytest.fixture
def folder(tmp_path, synthetic):
    """A run with one object of a metric and seven of another, sampled each second for a minute."""
    with Recording(tmp_path, synthetic.places, synthetic.header()) as recording:
        for second in range(1, 61):
            recording.write_metrics(
                second * S, "requests_in_flight", [""], np.array([float(second)])
            )
            values = np.arange(7.0) + (second == 30) * 100 * (np.arange(7) == 2)
            recording.write_metrics(second * S, "pod_queue", [f"pod-{n}" for n in range(7)], values)
        recording.close(61 * S, False)
    return tmp_path


def test_few_objects_have_a_line_each(folder):
    """Of each interval its highest sample, NaN where none falls into it."""
    one = next(found for found in series(folder, 2 * S, 31) if found.metric == "requests_in_flight")
    assert (one.objects, one.band) == (1, None)
    assert one.lines[""].tolist() == [1.0, *(float(n) for n in range(3, 60, 2)), 60.0]
    sparse = next(iter(series(folder, S // 2, 122)))
    assert np.isnan(sparse.lines[""][0]) and sparse.lines[""][2] == 1.0


def test_of_many_the_band_the_median_and_the_worst(folder):
    """The worst is the object that once had the most, however small it is else."""
    one = next(found for found in series(folder, 10 * S, 7) if found.metric == "pod_queue")
    assert one.objects == 7
    assert set(one.lines) == {"pod-2"}
    assert one.lines["pod-2"].tolist() == [2.0, 2.0, 2.0, 102.0, 2.0, 2.0, 2.0]
    assert one.band.least.tolist() == [0.0] * 7
    assert one.band.median.tolist() == [3.0] * 7
    assert one.band.most.tolist() == [6.0, 6.0, 6.0, 102.0, 6.0, 6.0, 6.0]
