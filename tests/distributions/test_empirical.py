"""The empirical distribution: what it draws, the column that it comes from, and what is refused."""

import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import emu
from emu.distributions import empirical
from emu.errors import ScenarioError
from emu.random_streams import SERVICE, uniform
from emu.scenario import load

SPEC = """
clients: [{{name: c, arrivals: {{poisson: {{rate: 50/s}}}}}}]
behaviours: [{{serviceTime: {{empirical: {written}}}}}]
"""
FROM_FILE = "{file: times.parquet, column: service_ms, unit: ms}"
FROM_FILE_READ = yaml.safe_load(FROM_FILE)
PLACE = "spec.behaviours[0].serviceTime.empirical"


@pytest.fixture
def scenario(tmp_path):
    """Writes a scenario whose service times are empirical, as is written; its path."""

    def path(written):
        head = "apiVersion: emu/v1\nkind: Scenario\nmetadata: {name: test}\nspec:"
        body = SPEC.format(written=written).replace("\n", "\n  ")
        file = tmp_path / "scenario.yaml"
        file.write_text(head + body.rstrip() + "\n")
        return file

    return path


def write(folder, values, kind=None, column="service_ms"):
    """``times.parquet`` with one column of these values."""
    table = pa.table({column: pa.array(values, kind), "other": [0] * len(values)})
    pq.write_table(table, folder / "times.parquet")


def options_of(loaded):
    """The options of the service time."""
    name, options = loaded.spec.behaviours[0].service_time
    assert name == "empirical"
    return options


@pytest.mark.parametrize("values", [["3ms"], ["9ms", "1ms", "1ms", "4ms"]])
def test_a_draw_is_the_quantile_of_its_uniform_number(values):
    """As numpy inverts the empirical distribution function, whatever the order of the values."""
    options = empirical.Options(values=values)
    parameters = np.array([math.nan, *empirical.parameters(options)])
    for request in range(500):
        drawn = empirical.draw(parameters, 1, 1, SERVICE, request, 0)
        unit = uniform(1, SERVICE, request, 0)
        assert drawn == np.quantile(options.values, unit, method="inverted_cdf")


@pytest.mark.parametrize("count", [3, 4097, 8193, 10_000])
def test_the_greatest_uniform_number_is_the_longest_duration(count, monkeypatch):
    """Also where its product with the number of values rounds to that number."""
    monkeypatch.setattr(empirical, "uniform", lambda *_: 1 - 2**-53)
    draw = getattr(empirical.draw, "py_func", empirical.draw)
    parameters = np.array([count, *range(count), math.nan])
    assert draw(parameters, 0, 1, SERVICE, 0, 0) == count - 1


@pytest.mark.parametrize(
    ("unit", "values", "kind"),
    [("ns", [2_000_000, 500_000], "int64"), ("us", [2000, 500], "uint16"),
     ("ms", [2.0, 0.5], "float32"), ("s", [0.002, 0.0005], "float64")],
)  # fmt: skip
def test_a_column_has_its_unit(scenario, tmp_path, unit, values, kind):
    """Integers and floats, in the unit that is said, are the same durations; sorted."""
    write(tmp_path, values, kind)
    written = FROM_FILE.replace("unit: ms", f"unit: {unit}")
    assert options_of(load(scenario(written))).values == (500_000, 2_000_000)


def test_the_file_is_found_from_the_scenario_and_read_once(scenario, tmp_path, monkeypatch):
    """Not from where the command runs; what was loaded needs the file no more."""
    write(tmp_path, [1.0, 2.0, 3.0])
    file = scenario(FROM_FILE)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    loaded = load(file)
    (tmp_path / "times.parquet").unlink()
    rows = emu.run(loaded, out=tmp_path / "out").requests
    served = np.subtract(rows["service_end_ns"].to_numpy(), rows["service_start_ns"].to_numpy())
    assert set(served[np.isfinite(served)]) == {1e6, 2e6, 3e6}


def test_a_scenario_is_its_values_and_not_their_file(scenario, tmp_path):
    """Written out in full, listed, or by ``--set``: the same scenario, with the same digest."""
    write(tmp_path, [2.5, 1.0])
    loaded = load(scenario(FROM_FILE))
    (tmp_path / "apart").mkdir()
    copy = tmp_path / "apart" / "resolved.yaml"
    copy.write_text(loaded.resolved())
    overridden = load(scenario("{values: [1s]}"), {PLACE: FROM_FILE_READ})
    listed = load(scenario("{values: [1ms, 2500us]}"))
    assert loaded == load(copy) == overridden == listed
    assert loaded.digest == load(copy).digest == listed.digest
    write(tmp_path, [2.5, 1.0, 1.0])
    assert load(scenario(FROM_FILE)).digest != loaded.digest


def test_a_component_of_a_mixture_may_come_from_a_file(scenario, tmp_path):
    """Its file, too, is found from the scenario's folder."""
    write(tmp_path, [1.0, 2.0])
    mixture = {"mixture": {"components": [{"weight": 1, "of": {"empirical": FROM_FILE_READ}}]}}
    loaded = load(scenario("{values: [1s]}"), {"spec.behaviours[0].serviceTime": mixture})
    (component,) = loaded.spec.behaviours[0].service_time.options.components
    assert component.of.options.values == (1_000_000, 2_000_000)


@pytest.mark.parametrize("count", [10_001, 25_000, 100_000])
def test_of_a_long_column_ten_thousand_means_are_kept(scenario, tmp_path, count):
    """The mean is exact but for rounding, and so are quantiles but for a ten-thousandth."""
    times = np.random.default_rng(1).pareto(1.5, count) * 1e7
    write(tmp_path, times, "float64")
    options = options_of(load(scenario(FROM_FILE.replace("unit: ms", "unit: ns"))))
    values = np.array(options.values)
    assert len(values) == empirical.MOST_VALUES
    assert empirical.mean(options) == pytest.approx(times.mean(), abs=0.5)
    assert (np.diff(values) >= 0).all()
    for share in (0.01, 0.5, 0.99, 0.999):
        low, high = np.quantile(times, [share - 0.0001, share + 0.0001])
        assert low - 1 <= np.quantile(values, share, method="inverted_cdf") <= high + 1


@pytest.mark.parametrize(
    ("values", "kind", "rule"),
    [
        ([], "float64", "with values; 'service_ms' has none"),
        ([1, None, 2, None], "int64", "without nulls; 'service_ms' has 2 in 4 rows"),
        ([1, 2, -3], "int64", "of durations from 0 to a year; 'service_ms' is -3 in row 3"),
        ([1, math.nan], "double", "of durations from 0 to a year; 'service_ms' is nan in row 2"),
        ([1e30], "float64", "of durations from 0 to a year; 'service_ms' is 1e+30 in row 1"),
        (["5"], "string", "of numbers; 'service_ms' holds string"),
        ([True], "bool", "of numbers; 'service_ms' holds bool"),
    ],
)
def test_a_column_without_durations_is_refused(scenario, tmp_path, values, kind, rule):
    """With file, line, path and rule."""
    write(tmp_path, values, kind)
    file = scenario(FROM_FILE)
    with pytest.raises(ScenarioError) as refusal:
        load(file)
    assert str(refusal.value) == f"{file}:6: {PLACE}: must name a column {rule}"


def test_an_unknown_column_is_refused_with_the_known_ones(scenario, tmp_path):
    """What the file has is listed, safe for a terminal."""
    write(tmp_path, [1], column="\x1b[31mred")
    with pytest.raises(ScenarioError) as refusal:
        load(scenario(FROM_FILE))
    (mistake,) = refusal.value.mistakes
    known = "unknown column 'service_ms'; known: '\\x1b[31mred', other, in "
    assert mistake.rule == f"{known}'{tmp_path / 'times.parquet'}'"


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("{}", "must have either values, or file, column and unit"),
        ("{file: times.parquet, column: service_ms}", "must have either values, or file"),
        ("{values: [1ms], unit: ms}", "must have either values, or file, column and unit"),
        ("{values: []}", "must have at least 1 item"),
        ("{values: [1ms, -1ms]}", "must be at least 0"),
        ("{values: [1ms, null]}", "must be a duration"),
        ("{file: times.parquet, column: a, unit: m}", "must be 'ns', 'us', 'ms' or 's'"),
        ("{file: ., column: a, unit: s}", "must name a Parquet file; there is no file"),
        ("{file: times.parquet, column: a, unit: s}", "must name a Parquet file; there is no file"),
        ("{file: scenario.yaml, column: a, unit: s}", "cannot be read: Parquet magic bytes"),
    ],
)
def test_bad_options_are_refused(scenario, written, rule):
    """Each mistake with the rule that it breaks."""
    with pytest.raises(ScenarioError) as refusal:
        load(scenario(written))
    (mistake,) = refusal.value.mistakes
    assert rule in mistake.rule
    assert mistake.path.startswith(PLACE)
