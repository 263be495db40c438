"""``emu check``: an inventory of what can be run, every mistake of what cannot."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emu.cli import app, main

ROOT = Path(__file__).parents[2]
NODEPORT = str(ROOT / "scenarios" / "nodeport.yaml")
INVALID = ROOT / "tests" / "scenario" / "invalid"


def check(*arguments):
    """The result of ``emu check`` with these arguments."""
    return CliRunner().invoke(app, ["check", *arguments], catch_exceptions=False)


def test_inventory_of_the_reference_path():
    """Sizes, the offered load, and the load at which the busiest Pod would always be busy."""
    result = check(NODEPORT, "--set", "spec.seed=7")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].startswith("nodeport (seed 7, digest ")
    assert lines[1:] == [
        "  cluster  2 nodes, 2 Pods, 1 Service",
        "  outside  1 load balancer, 1 client",
        "  load     240 requests/s; capacity 400/s, busiest Pod 60.0% busy",
    ]


def test_json_is_one_document():
    """Whatever a script needs; overrides count."""
    result = check(NODEPORT, "--json", "--set", "spec.clients[0].arrivals.poisson.rate=500/s")
    found = json.loads(result.stdout)
    assert found["offered_per_second"] == 500
    assert found["capacity_per_second"] == pytest.approx(400)
    assert found["busiest_pod_utilisation"] == pytest.approx(1.25)
    assert (found["nodes"], found["pods"], found["services"], found["clients"]) == (2, 2, 1, 1)


def test_no_request_reaches_a_pod():
    """Then there is no capacity to speak of."""
    result = check(str(ROOT / "scenarios" / "no-endpoints.yaml"))
    assert "50 requests/s; none of them reaches a Pod" in result.stdout
    found = json.loads(check(str(ROOT / "scenarios" / "no-endpoints.yaml"), "--json").stdout)
    assert found["capacity_per_second"] is None


def test_warnings_go_to_standard_error(tmp_path):
    """What is passed over is said, and standard output stays one document."""
    file = tmp_path / "scenario.yaml"
    more = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    file.write_text(Path(NODEPORT).read_text() + more)
    result = check(str(file), "--json")
    warning = "1 x ConfigMap (v1), which is not modelled: passed over"
    assert json.loads(result.stdout)["warnings"] == [warning]
    assert result.stderr == f"warning: {warning}\n"


def test_mistakes_end_with_status_2_and_no_traceback(monkeypatch, capsys):
    """Every mistake is a line on standard error; standard output stays empty."""
    monkeypatch.chdir(INVALID)
    monkeypatch.setattr(sys, "argv", ["emu", "check", "several-mistakes.yaml"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    lines = Path("several-mistakes.yaml").read_text().splitlines()
    expected = [line.removeprefix("# expect: ") for line in lines if line.startswith("# expect: ")]
    assert capsys.readouterr() == ("", "\n".join(expected) + "\n")


def test_the_command_as_a_user_types_it():
    """A mistake in ``--set`` has the exit status and the message, from a real process."""
    done = subprocess.run(
        [sys.executable, "-m", "emu", "check", NODEPORT, "--set", "spec.warmup=60s"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "override: spec.warmup = 60s: must be shorter than the duration\n"
    assert done.stdout == ""


def test_a_strategy_of_the_users_own_is_tried(tmp_path):
    """It is asked once; what fails then is told with file, line and request, and exit status 2."""
    head = "def pick(backends, memory, now, key, seed, request, attempt):\n    "
    option = f"spec.loadBalancers[0].strategy={{file: {tmp_path / 'own.py'}}}"
    for body, status in (("return 0", 0), ("return memory[0]", 2), ("return 9", 2)):
        (tmp_path / "own.py").write_text(head + body + "\n")
        done = subprocess.run(
            [sys.executable, "-m", "emu", "check", NODEPORT, "--set", option],
            capture_output=True, cwd=ROOT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == status
        assert "Traceback" not in done.stderr
        assert ("own.py: for request 0, pick " in done.stderr) == (status == 2)
