"""A user's own strategy from a file: compiled where it can be, and its mistakes told by request."""

import numba
import numpy as np
import pytest

from emu.errors import StrategyError
from emu.hops.balancer import BACKENDS, STRATEGIES, finished, pick, started
from emu.hops.balancer.own_file import own_strategy

FILE = STRATEGIES["file"]
KIND = STRATEGIES.number("file")
HEAD = "def pick(backends, memory, now, key, seed, request, attempt):\n    "
UNCOMPILED = f"SEEN = {{}}\n\n\n{HEAD}SEEN[request % 3] = str(request)\n    "
"""The beginning of a pick that numba cannot compile."""

NATIVE = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="compiles nothing without the JIT")


class Own:
    """Four backends, of which number 1 is away, under the strategy of a source."""

    def __init__(self, source, **options):
        written = {"path": "own.py", "source": source, "options": options}
        self.options = FILE.Options.model_validate(written)
        self.backends = np.zeros(4, BACKENDS)
        self.backends["available"], self.backends["weight"] = [1, 0, 1, 1], 1
        self.memory = FILE.prepare(self.options, self.backends)

    def pick(self, request=7, now=11, key=13, seed=17, attempt=19):
        """What is picked for a request."""
        return pick(KIND, self.backends, self.memory, now, key, seed, request, attempt)

    def failure(self):
        """What has failed."""
        return FILE.failure(self.memory)

    def own(self):
        """The strategy's own part of the memory."""
        return self.memory[FILE.HEAD + self.backends.nbytes // 8 :].tolist()


def both(body, **options):
    """The same strategy compiled, and as plain Python."""
    return Own(HEAD + body, **options), Own(UNCOMPILED + body, **options)


@NATIVE
def test_what_can_be_compiled_is():
    """With helpers of the file's own, whether they are called kernels or not; else it says why."""
    helpers = "from emu.kernel import kernel\n\n\ndef one(x):\n    return x + 1\n\n\n"
    helpers += "@kernel\ndef two(x):\n    return one(one(x))\n\n\n"
    own = Own(f"{helpers}@kernel\n{HEAD}return two(request) % 4")
    assert FILE.why_plain(own.options) == ""
    assert own.pick(0) == 2
    assert "line 5" in FILE.why_plain(Own(f"{UNCOMPILED}return 0").options)
    assert "float64" in FILE.why_plain(Own(f"{HEAD}return 1.0").options)
    changed = "def changed(backends, memory, backend):\n    str.maketrans({})\n\n\n"
    assert FILE.why_plain(Own(f"{changed}{HEAD}return 0").options)
    writes = f"{HEAD}backends[0]['node'] = 7\n    return 0"
    assert "backends may not be written to" in FILE.why_plain(Own(writes).options)


def test_pick_is_given_what_the_contract_says():
    """Time, key, seed, request and attempt, the load of each backend, and memory of its own."""
    body = "\n    ".join(
        f"memory[{place}] = {value}"
        for place, value in enumerate(
            [
                "now",
                "key",
                "seed",
                "request",
                "attempt",
                "backends[2]['in_flight']",
                "len(backends)",
            ]
        )
    )
    prepare = "def prepare(options, backends):\n    return [0] * 7\n\n\n"
    for begin in (HEAD, UNCOMPILED):
        own = Own(f"{prepare}{begin}{body}\n    return 2")
        started(KIND, own.backends, own.memory, 2)
        started(KIND, own.backends, own.memory, 2)
        assert own.pick() == 2
        assert own.own() == [11, 13, 17, 7, 19, 2, 4]
        finished(KIND, own.backends, own.memory, 2, 5, 6)
        assert own.pick() == 2
        assert own.own()[5] == 1


def test_changed_and_answered_are_told():
    """Of each change at a backend, of each answer, and how long it took; answers come first."""
    told = """\
def prepare(options, backends):
    return [0] * 5


def changed(backends, memory, backend):
    memory[0] = memory[0] * 10 + 1
    memory[1] = backends[backend]["in_flight"]


def answered(backends, memory, backend, now, latency):
    memory[0] = memory[0] * 10 + 2
    memory[2], memory[3], memory[4] = backend, now, latency


"""
    for begin in (HEAD, UNCOMPILED):
        own = Own(f"{told}{begin}return 0")
        started(KIND, own.backends, own.memory, 3)
        assert own.own() == [1, 1, 0, 0, 0]
        finished(KIND, own.backends, own.memory, 3, 500, 20)
        assert own.own() == [121, 0, 3, 500, 20]


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        ("return 4", "gave 4; must give -1, or the number of an available backend of 4"),
        ("return -2", "gave -2; must give -1, or the number of an available backend of 4"),
        (
            "return 1",
            "gave 1, which is not available; must give -1, or the number of an available backend "
            "of 4",
        ),
        ("return 2**62", f"gave {2**62}; must give -1, or the number of an available backend of 4"),
        ("raise ValueError('not today')", "raised ValueError: not today (line {line})"),
        ("return 1 // (request - 7)", "raised ZeroDivisionError: "),
        ("return memory[0]", "raised IndexError: index 0 is out of bounds"),
        ("return memory[10**12]", "raised IndexError: index 1000000000000 is out of bounds"),
        ("return memory[-1]", "raised IndexError: index -1 is out of bounds"),
        ("memory[3] = 5", "raised IndexError: index 3 is out of bounds"),
        ("raise ValueError('not', request, backends[2]['weight'])", "raised ValueError: ('not', 7"),
        ("return sum(memory[4] for _ in range(3))", "raised IndexError: index 4 is out of bounds"),
        ("backends[9]['node']", "raised IndexError: index 9 is out of bounds"),
        ("backends['node'][2] = 1", "raised ValueError: assignment destination is read-only"),
        ("backends[2]['node'] = 1", "raised ValueError: assignment destination is read-only"),
        ("return None", "gave None; must give -1"),
        ("return 'edge'", "gave 'edge'; must give -1"),
        ("return 2.0", "gave 2.0; must give -1"),
        ("import sys; sys.exit()", "raised SystemExit"),
        ("return nothing", "raised NameError: name 'nothing' is not defined"),
    ],
)
def test_what_pick_may_not_do_is_told(body, failure):
    """By file, request and value, compiled or not; then nothing is picked, and nobody asked."""
    for own, line in zip(both(f"{body}\n    return 0"), (2, 6), strict=True):
        assert own.pick() == -1
        said = own.failure()
        assert said.startswith(f"own.py: for request 7, pick {failure.format(line=line)}")
        assert own.pick(8) == -1
        assert own.backends["node"].tolist() == [0, 0, 0, 0]


def test_bounds_are_checked_in_helpers_too():
    """Whether numba was told to compile them or not, and whether pick itself is compiled."""
    helper = "from emu.kernel import kernel\n\n\n@kernel\ndef far(memory, place):\n"
    helper += "    return memory[place]\n\n\n"
    for begin in (HEAD, UNCOMPILED):
        own = Own(f"{helper}{begin}return far(memory, 10**12)")
        assert own.pick() == -1
        said = "own.py: for request 7, pick raised IndexError: index 1000000000000 is out of bounds"
        assert own.failure().startswith(said)


def test_nothing_may_be_picked_on_purpose():
    """A strategy that gives -1 refuses the request, and goes on."""
    for own in both("return -1 if request == 7 else 0"):
        assert [own.pick(request) for request in (7, 8)] == [-1, 0]
        assert own.failure() == ""


@pytest.mark.parametrize("name", ["changed", "answered"])
def test_what_else_raises_is_told(name):
    """With the backend that it was told of."""
    arguments = "backends, memory, backend" + (", now, latency" if name == "answered" else "")
    source = f"def {name}({arguments}):\n    memory[9] = 0\n\n\n"
    for begin in (HEAD, UNCOMPILED):
        own = Own(f"{source}{begin}return 0")
        finished(KIND, own.backends, own.memory, 2, 5, 6)
        assert own.pick() == -1
        said = f"own.py: for backend 2, {name} raised IndexError: index 9 is out of bounds"
        assert own.failure().startswith(said)


def test_prepare_gives_integers_or_says_what_is_wrong():
    """It sees its own options, and the backends; what it raises or gives else is told."""
    options = """\
from emu.registry import OptionsModel


class Options(OptionsModel):
    first_turn: int = 3


def prepare(options, backends):
    return [options.first_turn, len(backends)]


"""
    assert Own(f"{options}{HEAD}return 0").own() == [3, 4]
    assert Own(f"{options}{HEAD}return 0", firstTurn=2).own() == [2, 4]
    assert Own(f"{options}{HEAD}return 0").options.options == {"firstTurn": 3}
    for body, said in (
        ("raise KeyError(3)", r"own\.py: prepare raised KeyError: 3 \(line 2\)"),
        ("return [0.5]", r"own\.py: prepare gave an array of float64 with 1 dimensions; must give"),
        ("return 3", r"own\.py: prepare gave an array of int64 with 0 dimensions; must give"),
    ):
        with pytest.raises(StrategyError, match=said):
            Own(f"def prepare(options, backends):\n    {body}\n\n\n{HEAD}return 0")


def test_a_scenario_names_the_file_or_its_text():
    """``{file: PATH, options: ...}`` is short for what a run writes; other values stay."""
    assert own_strategy({"file": "own.py"}) == {"file": {"path": "own.py", "options": {}}}
    assert own_strategy({"file": "own.py", "options": {"d": 2}}) == {
        "file": {"path": "own.py", "options": {"d": 2}}
    }
    for value in ("random", {"random": {}}, {"file": {"path": "own.py"}}, 3):
        assert own_strategy(value) is value
