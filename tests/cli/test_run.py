"""``emu run``: what goes to which stream, the exit status, and how it ends early."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

import emu
from emu.cli import app, main

ROOT = Path(__file__).parents[2]
NODEPORT = str(ROOT / "scenarios" / "nodeport.yaml")
SHORT = ("--set", "spec.duration=2s", "--set", "spec.warmup=0s")
FOUND = "made before, not run again (--again does)\n"


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A results folder in which the short run stands already; its kernels are compiled."""
    folder = tmp_path_factory.mktemp("results")
    assert run("--out", str(folder)).exit_code == 0
    return folder


def run(*arguments, file=NODEPORT, short=SHORT):
    """The result of a short ``emu run``, in this process."""
    return CliRunner().invoke(app, ["run", file, *short, *arguments], catch_exceptions=False)


def command(*arguments):
    """The command as a user types it."""
    return [sys.executable, "-m", "emu", *arguments]


def process(*arguments, **options):
    """A short ``emu run`` in a process of its own; its streams are pipes."""
    return subprocess.run(
        command("run", NODEPORT, *SHORT, *arguments),
        capture_output="stdout" not in options, text=True, check=False, cwd=ROOT, timeout=120,
        **options,
    )  # fmt: skip


def test_the_summary(out):
    """Outcomes, latency, shares and the folder on standard output, in 80 columns."""
    done = run("--out", str(out), "--again")
    lines = done.stdout.splitlines()
    assert (done.exit_code, done.stderr) == (0, "")
    assert lines[0] == "nodeport  seed 3  process engine"
    for start in ("ok ", "in total ", "being served ", "node-1 ", "default/web-2 ", "took "):
        assert any(line.startswith(start) for line in lines), start
    folder = "".join(lines[lines.index(next(x for x in lines if x.startswith("took "))) + 1 :])
    assert emu.open_run(folder.strip()).summary.requests.ok > 300


def test_json_is_one_document(out):
    """All that was promised, and nothing else on standard output."""
    done = run("--out", str(out), "--json")
    document = json.loads(done.stdout)
    assert done.stderr == FOUND
    assert {"scenario", "seed", "engine", "run_dir", "requests", "outcomes", "latency_seconds",
            "nodes", "pods", "wall_seconds", "requests_per_second"} <= set(document)  # fmt: skip
    counts = document["requests"]
    assert counts["sent"] == counts["ok"] + counts["failed"] + counts["in_flight"]
    assert sum(document["outcomes"].values()) == counts["sent"]
    assert set(document["pods"]["default/web-1"]) >= {"requests", "share", "utilisation"}
    assert document["latency_seconds"]["p99.9"] <= document["latency_seconds"]["max"]
    assert emu.open_run(document["run_dir"]).document() == document


def test_found_again_and_again(out):
    """The same run is found and said so; --again makes it anew, in the same place."""
    first = run("--out", str(out), "--json")
    anew = run("--out", str(out), "--json", "--again")
    assert (first.stderr, anew.stderr) == (FOUND, "")
    timing = ("wall_seconds", "requests_per_second")
    found, made = json.loads(first.stdout), json.loads(anew.stdout)
    assert [found.pop(name) for name in timing] != [made.pop(name) for name in timing]
    assert found == made


def test_seed_and_set(out):
    """They stand in place of the file's values, and make another run."""
    other = ("--seed", "9", "--set", "spec.clients[0].arrivals.poisson.rate=50/s", "--json")
    done = json.loads(run("--out", str(out), *other).stdout)
    assert done["seed"] == 9
    assert 60 < done["requests"]["sent"] < 150
    assert "-s9-" in done["run_dir"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--engine", "warp"), "unknown engine 'warp'; known: auto, compiled, process"),
        (("--set", "spec.warmup=9s"), "override: spec.warmup = 9s: must be shorter than the dura"),
        (("--set", "spec.wormup=1s"), "override: spec.wormup: "),
        (("--out", "/dev/null"), "cannot write /dev/null/nodeport: "),
    ],
)
def test_what_is_refused(refused, arguments, message):
    """A message on standard error, nothing on standard output, status 2 and no traceback."""
    (line,) = refused("run", NODEPORT, *SHORT, *arguments)
    assert line.startswith(message)


@pytest.fixture
def refused(monkeypatch, capsys):
    """The lines of what a command that is refused says."""

    def lines(*arguments):
        monkeypatch.setattr(sys, "argv", ["emu", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        output, errors = capsys.readouterr()
        assert (end.value.code, output) == (2, "")
        return errors.splitlines()

    return lines


def test_a_bad_file(refused, tmp_path, monkeypatch):
    """Every mistake with its line; a file that is not there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yaml").write_text(
        "apiVersion: emu/v1\nkind: Scenario\nmetadata: {name: bad}\nspec:\n"
        "  clients:\n    - {name: c, arrivals: {poisson: {rate: -5/s}}, tiemout: 1s}\n"
    )
    assert [line.partition(": ")[0] for line in refused("run", "bad.yaml")] == ["bad.yaml:6"] * 2
    assert refused("run", "none.yaml") == ["none.yaml: cannot be read: No such file or directory"]


def test_a_refusal_as_a_user_meets_it():
    """From a real process: the status, the message, and nothing else."""
    done = process("--engine", "warp")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("unknown engine 'warp'; known: auto, compiled, process")
    assert done.stderr.count("\n") == 1


def test_warnings_go_to_standard_error(out, tmp_path):
    """What is passed over is said once, apart from the document."""
    file = tmp_path / "scenario.yaml"
    more = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    file.write_text(Path(NODEPORT).read_text() + more)
    done = run("--json", "--out", str(tmp_path), file=str(file))
    assert done.stderr == "warning: 1 x ConfigMap (v1), which is not modelled: passed over\n"
    assert json.loads(done.stdout)["scenario"] == "nodeport"


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_reader_that_leaves(out, form):
    """``emu run ... | head`` ends without a word of Python's."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone:
        done = process("--out", str(out), *form, stdout=gone, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (1, FOUND)


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_an_output_that_cannot_be_written(out, form):
    """A full disk is said in a line; a closed output is the user's own wish."""
    with Path("/dev/full").open("w") as full:
        done = process("--out", str(out), *form, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (2, FOUND + "cannot write: No space left on device\n")
    line = " ".join([*command("run", NODEPORT, *SHORT, "--out", str(out), *form), ">&-"])
    closed = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    assert (closed.returncode, closed.stdout, closed.stderr) == (0, "", FOUND)


def test_ascii(out):
    """A terminal that knows no box characters is sent none."""
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = process("--out", str(out), env=environment)
    assert done.returncode == 0
    assert done.stdout.isascii()


class Terminal:
    """A command on a terminal of 80 columns."""

    def __init__(self, *arguments, **environment):
        master, slave = pty.openpty()
        self._process = subprocess.Popen(
            command(*arguments), stdin=slave, stdout=slave, stderr=slave, cwd=ROOT,
            start_new_session=True, preexec_fn=lambda: take_terminal(slave),
            env=os.environ | {"TERM": "xterm", "COLUMNS": "80"} | environment,
        )  # fmt: skip
        os.close(slave)
        self._master = master
        self.text = ""

    def until(self, text="", seconds=120):
        """Read until the text comes, or the command ends."""
        give_up = time.monotonic() + seconds
        while not text or text not in self.text:
            assert time.monotonic() < give_up, self.text
            if not select.select([self._master], [], [], 1.0)[0]:
                continue
            try:
                self.text += os.read(self._master, 65536).decode(errors="replace")
            except OSError:  # EIO: everybody has closed the other end
                break
        return self

    def press(self, key):
        """Type something."""
        os.write(self._master, key)
        return self

    def status(self):
        """The exit status, when the command has ended."""
        self.until()
        os.close(self._master)
        return self._process.wait(60)


def take_terminal(slave):
    """Make the terminal the controlling one, so that Ctrl-C is a signal."""
    import fcntl
    import termios

    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


def test_progress_and_ctrl_c_on_a_terminal(tmp_path):
    """The progress shows how far it is; after Ctrl-C come the partial summary and status 130."""
    terminal = Terminal("run", NODEPORT, "--set", "spec.duration=20h", "--out", str(tmp_path))
    terminal.until("s simulated").press(b"\x03")
    assert terminal.status() == 130
    assert " left  " in terminal.text
    assert "ended before its time" in terminal.text
    assert "Traceback" not in terminal.text
    (folder,) = (tmp_path / "nodeport").iterdir()
    assert emu.open_run(folder).summary.partial


def test_nothing_moves_where_there_is_no_terminal(out, tmp_path):
    """Piped, there is no progress and no colour on either stream."""
    done = process("--out", str(tmp_path))
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert done.stdout.startswith("nodeport  seed 3")


@pytest.mark.slow
def test_a_cold_cache_is_explained(tmp_path):
    """Compiling, which takes ten seconds, is announced once; never again."""
    cold = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    said = [process("--out", str(tmp_path), "--again", env=cold).stderr for _ in range(2)]
    assert said == ["compiling kernels, once for this version ...\n", ""]


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("requests", " requests"),
        ("{sample: 50%}", " requests, a sample of 50 %"),
        ("summary", "Nothing to plot: the run logged no rows; --set spec.log=requests has them."),
    ],
)
def test_plot(tmp_path, log, said):
    """The histogram comes after the summary, or a sentence says why there is none."""
    done = run("--plot", "--set", f"spec.log={log}", "--out", str(tmp_path))
    *_, before, last = done.stdout.rstrip().split("\n\n")
    assert done.exit_code == 0
    assert "nodeport/" in before.replace("\n", "")
    assert said in " ".join(last.split())
    assert max(map(len, last.splitlines())) <= 80


def test_plot_is_no_json(tmp_path):
    """The two exclude each other, before anything is run."""
    done = run("--plot", "--json", "--out", str(tmp_path))
    assert done.exit_code == 2
    assert "--plot or --json" in done.stderr
    assert list(tmp_path.iterdir()) == []
