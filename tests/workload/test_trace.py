"""Traces: the files they come from, how they are scaled, and what is refused."""

import gzip
import itertools
import math
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

import emu
from emu.engines.ending import NEVER
from emu.errors import ScenarioError
from emu.random_streams import THINNING, uniform
from emu.scenario import load
from emu.units import SECOND
from emu.workload import ARRIVALS, NO_MORE, lasts_of, most_of, trace
from emu.workload._packing import packed

CUT_OFF = gzip.compress(b"x" * 999, mtime=0)[:-9]

SPEC = """\
apiVersion: emu/v1
kind: Scenario
metadata: {name: test}
spec:
  clients: [{name: c, arrivals: {trace: %s}}]
"""
PLACE = "spec.clients[0].arrivals.trace"
NGINX = '203.0.113.9 - - [10/Oct/2000:13:55:{} +0000] "GET / HTTP/1.1" 200 612 "-" "curl/8"\n'
ENVOY = (
    '[2016-04-15T20:17:{}Z] "GET / HTTP/1.1" 200 - 0 612 3 2 "-" "curl" "id" "web" "10.0.0.1:80"\n'
)
MS = 1_000_000


@pytest.fixture
def scenario(tmp_path):
    """Writes a scenario whose client replays a trace, as is written; its path."""

    def path(written):
        file = tmp_path / "scenario.yaml"
        file.write_text(SPEC % written)
        return file

    return path


@pytest.fixture
def times_of(scenario, tmp_path):
    """The times of a file of this name with this content, as its trace is read."""

    def read(name, content, options=""):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return options_of(load(scenario(f"{{file: {name}{options}}}"))).times

    return read


def options_of(loaded):
    """The options of the client's trace."""
    name, options = loaded.spec.clients[0].arrivals
    assert name == "trace"
    return options


def arrivals(count=math.inf, seed=3, client=0, **options):
    """The first intended times of a trace, as many as there are."""
    parameters = np.array(trace.parameters(trace.Options.model_validate(options)))
    found, previous = [], 0
    while len(found) < count:
        request = client if not found else 1000 + len(found)
        previous = trace.following(parameters, 0, seed, request, len(found), previous)
        if previous == NO_MORE:
            break
        found.append(previous)
    return found


def refusal(file):
    """The rule that a scenario breaks at its trace."""
    with pytest.raises(ScenarioError) as refused:
        load(file)
    (mistake,) = refused.value.mistakes
    assert mistake.path.startswith(PLACE)
    assert str(mistake).isprintable()
    return mistake.rule


def write(folder, values, kind=None):
    """``t.parquet`` with a column ``at`` of these values."""
    pq.write_table(pa.table({"at": pa.array(values, kind), "other": [0] * len(values)}),
                   folder / "t.parquet")  # fmt: skip


def test_requests_come_at_its_times_and_then_no_more():
    """Equal times are kept; what comes after the last is after the end of any run."""
    assert arrivals(times=["1ms", "1ms", "4ms"]) == [MS, MS, 4 * MS]
    assert NO_MORE >= NEVER


def test_with_speed_time_passes_faster_or_slower():
    """Times are divided by the speed, and rounded to the nearest nanosecond."""
    times = ["0s", "10ns", "1s"]
    assert arrivals(times=times, speed=3) == [0, 3, 333_333_333]
    assert arrivals(times=times, speed=0.5) == [0, 20, 2 * SECOND]
    options = {"times": times, "speed": 4}
    assert trace.rate(trace.Options.model_validate(options)) == 8


def test_a_share_of_the_requests_is_kept_by_keyed_draws():
    """Each by a draw of its own for client and place, so that clients keep different ones."""
    times = [f"{place}ms" for place in range(2000)]
    for client in (0, 5):
        drawn = [uniform(3, THINNING, client, place) for place in range(2000)]
        kept = [place * MS for place, unit in enumerate(drawn) if unit < 0.25]
        assert arrivals(times=times, share="25%", client=client) == kept
        assert abs(len(kept) - 500) < 4.5 * math.sqrt(2000 * 0.25 * 0.75)
    assert arrivals(times=times, share="25%") != arrivals(times=times, share="25%", client=1)


def test_a_thinned_poisson_process_is_one():
    """Gaps of a thinned trace of exponential gaps are exponential at the thinned rate."""
    gaps = np.random.default_rng(4).exponential(MS, 9999)
    text = packed(np.rint(np.cumsum(gaps)).astype(np.int64))
    thinned = np.diff(arrivals(packed=text, share="30%"))
    assert stats.kstest(thinned, stats.expon(scale=MS / 0.3).cdf).pvalue > 0.001


def test_repeated_it_begins_again_a_mean_gap_after_its_end():
    """So the mean rate is that of the trace, for ever."""
    options = {"times": ["1ms", "2ms", "5ms"], "repeat": True}
    found = arrivals(9_000, **options)
    assert found[:7] == [MS, 2 * MS, 5 * MS, 7 * MS, 8 * MS, 11 * MS, 13 * MS]
    assert all(early <= late for early, late in itertools.pairwise(found))
    assert 9_000 / (found[-1] / SECOND) == pytest.approx(500, rel=0.001)
    assert trace.rate(trace.Options.model_validate(options)) == 500


def test_a_repeated_trace_that_is_thinned_is_another_one_each_time():
    """Draws go on with the places: the second round keeps others than the first."""
    times = [f"{place}ms" for place in range(64)]
    found = np.array(arrivals(200, times=times, share="50%", repeat=True)) // MS
    first, second = (set(found[found // 64 == which] % 64) for which in (0, 1))
    assert first
    assert second
    assert first != second


def test_how_many_there_are_and_how_long_it_takes():
    """As many as the trace has until its last, scaled; without end where it repeats."""
    options = {"times": ["0s", "1s", "2s"], "speed": 4}
    ending, lasting = (ARRIVALS.chosen("trace", **options, repeat=which) for which in (False, True))
    assert (most_of(ending), lasts_of(ending)) == (3, SECOND / 2)
    assert (most_of(lasting), lasts_of(lasting)) == (math.inf, math.inf)
    steady = ARRIVALS.chosen("constant", rate="1/s")
    assert (most_of(steady), lasts_of(steady)) == (math.inf, math.inf)


@pytest.mark.parametrize(
    ("values", "kind", "unit", "expected"),
    [
        ([10, 12, 12, 20], "int64", "ms", [0, 2 * MS, 2 * MS, 10 * MS]),
        ([2**63 - 13, 2**63 - 1], "int64", "ns", [0, 12]),
        ([7, 9], "uint8", "s", [0, 2 * SECOND]),
        ([0.5, 2.0], "float64", "s", [0, 1_500_000_000]),
        ([0.5, 2.0], "float32", "us", [0, 1500]),
        (["1460751420.123456789", "1460751421.000000001"], "string", "s", [0, 876_543_212]),
        ([datetime(2020, 1, 1), datetime(2020, 1, 1, 0, 0, 1)], "timestamp[ms]", "", [0, SECOND]),
        ([1, 40], "timestamp[ns]", "", [0, 39]),
        (["2020-01-01T00:00:00Z", "2020-01-01T02:00:01.5+02:00"], "string", "", [0, 1_500 * MS]),
        (["2020-01-01", "2020-01-01T00:00:01"], "large_string", "", [0, SECOND]),
    ],
)  # fmt: skip
def test_a_parquet_column(scenario, tmp_path, values, kind, unit, expected):
    """Numbers in their unit and timestamps, exactly, counted from the first."""
    types = {"timestamp[ms]": pa.timestamp("ms", "UTC"), "timestamp[ns]": pa.timestamp("ns")}
    write(tmp_path, values, types.get(kind, kind))
    unit = f", unit: {unit}" if unit else ""
    options = options_of(load(scenario(f"{{file: t.parquet, column: at{unit}}}")))
    assert options.times == tuple(expected)


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_a_csv_column(times_of, name):
    """By its name in the first line; numbers with exponents and decimals of a nanosecond."""
    text = "id,at\nx,1.5\ny,1500011e-6\nz,1.500022499\n"
    content = gzip.compress(text.encode()) if name.endswith(".gz") else text
    assert times_of(name, content, ", column: at, unit: ms") == (0, 11, 22)


def test_csv_by_another_name_with_timestamps(times_of):
    """``format`` says what the name does not."""
    text = "at\n2020-02-28 23:59:59\n2020-02-29 00:00:00.25\n"
    assert times_of("log", text, ", column: at, format: csv") == (0, 1_250 * MS)


def test_a_column_out_of_order_can_be_sorted(times_of):
    """Like the table of requests that a run leaves, which is in the order in which they ended."""
    assert times_of("t.csv", "at\n7\n5\n6\n", ", column: at, unit: s, sort: true") == (
        0, SECOND, 2 * SECOND,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["access.log", "access.log.gz", "log.1"])
def test_nginx_requests_of_a_second_are_spread_over_it(times_of, name):
    """At equal distances, in whole seconds that are known; lines may be out of order."""
    text = "".join(NGINX.format(second) for second in ("07", "05", "05", "07", "05", "07", "07"))
    content = gzip.compress(text.encode()) if name.endswith(".gz") else text
    third, quarter = SECOND // 3, SECOND // 4
    assert times_of(name, content) == (
        0, third, 2 * third, *(2 * SECOND + place * quarter for place in range(4)),
    )  # fmt: skip


def test_nginx_lines_of_many_kinds(times_of):
    """Common and combined, with users, IPv6, odd requests, zones, and bytes that are no UTF-8."""
    lines = [
        b'::1 - john smith [01/Jan/2024:00:00:01 +0100] "GET /a HTTP/1.0" 200 2326',
        b'10.0.0.1 - - [31/Dec/2023:23:00:02 +0000] "\\x16\\x03\\x01 [" 400 157 "-" "-"',
        b"",
        b'web - - [31/Dec/2023:18:00:03 -0500] "GET /\xff\xfe" 304 - "http://x/" "a \\"b\\"" 0.005',
        b'10.0.0.1 - [ [31/Dec/2023:23:00:04 +0000] "" 499 0 "-" "-"',
    ]
    assert times_of("access.log", b"\r\n".join(lines)) == tuple(
        second * SECOND for second in range(4)
    )


def test_envoy_lines_are_sorted_by_the_start_of_their_requests(times_of):
    """To the millisecond, or as fine as they are written."""
    text = "".join(ENVOY.format(time) for time in ("00.310", "00.300", "00.31", "01", "00.3000005"))
    assert times_of("access.log", text) == (0, 500, 10 * MS, 10 * MS, 700 * MS)
    assert times_of("t.csv", text, ", format: envoy") == (0, 500, 10 * MS, 10 * MS, 700 * MS)


def test_a_scenario_is_its_times_and_not_their_file(scenario, tmp_path, monkeypatch):
    """Found from the scenario's folder, read once; listed or written out it is the same one."""
    (tmp_path / "t.csv").write_text("at\n3\n5.5\n")
    file = scenario("{file: t.csv, column: at, unit: s, speed: 2}")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    loaded = load(file)
    (tmp_path / "t.csv").unlink()
    copy = tmp_path / "elsewhere" / "resolved.yaml"
    copy.write_text(loaded.resolved())
    listed = load(scenario("{times: [0s, 2500ms], speed: 2}"))
    assert loaded == load(copy) == listed
    assert loaded.digest == load(copy).digest == listed.digest
    rows = emu.run(loaded, out=tmp_path / "out").requests
    assert rows["intended_ns"].to_pylist() == [0, 1_250 * MS]


def test_a_long_trace_is_packed(scenario, tmp_path):
    """More than 10,000 times stay exact, in a scenario that can be written out and read again."""
    times = np.cumsum(np.random.default_rng(2).integers(0, 3 * MS, 30_000)) + 10**18
    write(tmp_path, times)
    loaded = load(scenario("{file: t.parquet, column: at, unit: ns}"))
    assert options_of(loaded).times is None
    written = loaded.resolved()
    assert len(written) < 6 * len(times)
    copy = tmp_path / "resolved.yaml"
    copy.write_text(written)
    again = load(copy)
    assert again == loaded
    assert again.digest == loaded.digest
    parameters = trace.parameters(options_of(again))
    assert parameters[-len(times) :].tolist() == (times - times[0]).tolist()
    assert most_of(again.spec.clients[0].arrivals) == len(times)


@pytest.mark.parametrize(
    ("values", "kind", "unit", "rule"),
    [
        ([], "int64", "s", "must name a trace with requests; '{file}' has none"),
        ([1, None], "int64", "s", "must name a column without nulls; 'at' has 1"),
        ([1, 2], "int64", "", "must have a unit, of the numbers in 'at'"),
        ([1, 2], "timestamp[s]", "s", "must have no unit; 'at' holds timestamps"),
        ([True], "bool", "s", "must name a column of numbers or timestamps; 'at' holds bool"),
        ([math.nan], "float64", "s", "must name a column of finite numbers; 'at' is nan in row 1"),
        ([1, 2**63], "uint64", "s", "must name a column of integers of 64 bits"),
        ([1, 5, 3, 2], "int64", "s", "must name a trace in the order of time, or have sort: true; "
         "'at' is 3 in row 3, after 5"),
        (["x", "y"], "string", "", "must name a column of ISO 8601 timestamps without a time zone, "
         "for there is no unit; 'at' is 'x' in row 1"),
        (["1", "2", "3", "4 s"], "string", "s", "must name a column of numbers with at most 9 "
         "decimals, for there is a unit; 'at' is '4 s' in row 4"),
        ([0, 10_000_000], "int64", "s", "must name a trace of at most 104 days; the times in 'at' "
         "are 115.7 days apart"),
        ([5, 5, 5], "int64", "s", "must be a trace with requests at two different times at least"),
        ([5], "int64", "s", "must be a trace with requests at two different times at least"),
        ([0, 1], "int64", "ns", "must have a mean rate of at most 100000000/s"),
        ([0, 9 * 10**6], "int64", "s", "must have a mean rate of at least 0.01/h"),
    ],
)  # fmt: skip
def test_a_column_that_is_no_trace_is_refused(scenario, tmp_path, values, kind, unit, rule):
    """Each mistake with its rule, and with the row and value that break it."""
    write(tmp_path, values, pa.timestamp("s") if kind == "timestamp[s]" else kind)
    written = f"{{file: t.parquet, column: at{', unit: ' * bool(unit)}{unit}}}"
    assert refusal(scenario(written)) == rule.format(file=tmp_path / "t.parquet")


@pytest.mark.parametrize(
    ("name", "content", "options", "rule"),
    [
        ("t.csv", "at\n1\n\n3\n2\n", ", column: at, unit: s", "'at' is '2' in row 3, after '3'"),
        ("t.csv", "at,b\n1,0\n,0\n", ", column: at, unit: s", "'at' is '' in row 2"),
        ("t.csv", "at\n2020-01-01T00:00:00Z\n2020-01-01\n", ", column: at",
         "timestamps with a time zone, for there is no unit; 'at' is '2020-01-01' in row 2"),
        ("t.csv", "at\n1\n", ", column: a", "unknown column 'a'; known: at, in '{file}'"),
        ("t.csv", "", ", column: a, unit: s", "a CSV file; '{file}' cannot be read: Empty"),
        ("t.csv", "at\n", ", column: at, unit: s", "must name a trace with requests; "),
        ("t.csv", "a,b\n1\n", ", column: a, unit: s", "cannot be read: CSV parse error: "),
        ("t.csv", "at\n1\n", "", "must have a column, for the file is one of format csv"),
        ("access.log", "", "", "must name a trace with requests; '{file}' has none"),
        ("access.log", "\n\n", "", "must name a trace with requests; '{file}' has none"),
        ("access.log", "x" * 200, "", "must name an access log of nginx; line 1 of '{file}' is "
         f"'{'x' * 77}...'"),
        ("access.log", NGINX.format("00") + "\n" + NGINX.format("77"), "",
         "must name an access log of nginx; line 3 of '{file}' is '203.0.113.9 - - [10/Oct/2000:1"),
        ("access.log", NGINX.format("00"), ", format: envoy",
         "must name an access log of envoy; line 1 of '{file}' is '203."),
        ("access.log", ENVOY.format("00.1") + "\x1b[31m\n", "",
         "must name an access log of envoy; line 2 of '{file}' is '\\x1b[31m'"),
        ("access.log", NGINX.format("00").replace("Oct", "Okt"), "", "line 1 of '{file}' is "),
        ("access.log", NGINX.format("00"), ", unit: s",
         "must have no column, unit or sort, for the file is an access log"),
        ("access.log.gz", b"no gzip", "", "must name a trace; '{file}' cannot be read: Not a gzip"),
        ("access.log.gz", CUT_OFF, "", "'{file}' cannot be read: Comp"),
        ("t.parquet", "at", ", column: at", "must name a Parquet file; '{file}' cannot be read: "),
    ],
)  # fmt: skip
def test_a_file_that_is_no_trace_is_refused(scenario, tmp_path, name, content, options, rule):
    """With the line and its text where there is one, safe for a terminal."""
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert rule.format(file=file) in refusal(scenario(f"{{file: {name}{options}}}"))


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("{}", "must have either file or times"),
        ("{file: a.csv, column: at, times: [0s, 1s]}", "must have either file or times"),
        ("{times: [0s, 1s], packed: AAA=}", "must have either file or times"),
        ("{times: [0s, 1s], sort: true}", "must have a file where there is format, column, unit"),
        ("{times: [0s, 1s], unit: s}", "must have a file where there is format, column, unit or"),
        ("{times: []}", "must have at least 1 item"),
        ("{times: [0s, 3s, 2s, 4s]}", "must have times in order; number 3 is before the one "),
        ("{times: [0s, 2600h]}", "must have times of at most 104 days"),
        ("{times: [1s]}", "must be a trace with requests at two different times at least"),
        ("{times: [0s, 1s], speed: 0}", "must be at least 0.01"),
        ("{times: [0s, 1s], share: 0%}", "must be at least 1e-06"),
        ("{times: [0s, 1s], speed: .inf}", "must be at most 1000000"),
        ("{file: no.csv, column: at}", "must name a CSV file; there is no file"),
        ("{file: no.log}", "must name a trace; there is no file"),
        ("{file: .}", "must name a trace; there is no file"),
        ("{file: a.csv, format: json}", "must be 'parquet', 'csv', 'nginx' or 'envoy'"),
    ],
)  # fmt: skip
def test_bad_options_are_refused(scenario, written, rule):
    """Each mistake with the rule that it breaks."""
    assert rule in refusal(scenario(written))


def test_too_long_a_trace_is_refused(scenario, tmp_path, monkeypatch):
    """Of columns and of logs."""
    monkeypatch.setattr(trace, "MOST_TIMES", 3)
    write(tmp_path, range(4))
    (tmp_path / "access.log").write_text(NGINX.format("00") * 9)
    for written in ("{file: t.parquet, column: at, unit: s}", "{file: access.log}"):
        assert refusal(scenario(written)) == "must name a trace of at most 3 requests"
