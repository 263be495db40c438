"""The printed iptables rules: they mean what the mode decides, and the real tools take them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu import printing
from emu.hops.kubeproxy.modes import iptables
from tests.printing.clusters import SOURCES, holds, service, view, views
from tests.printing.iptables_interpreter import Interpreter
from tests.printing.kernel import REAL, THREE, listed


@settings(max_examples=300, deadline=None)
@given(
    view=views(),
    sources=st.lists(st.sampled_from(SOURCES), min_size=3, max_size=3, unique=True),
    protocol=st.sampled_from(["TCP", "TCP", "UDP"]),
)
def test_the_rules_mean_what_the_mode_decides(view, sources, protocol):
    """Interpreted, the text gives the action, the endpoints and the masquerading of `decide`."""
    node = Interpreter(printing.text("iptables", view), view.addresses)
    for source in sources:
        holds(iptables.decide, node, view, protocol, source)


def by_chain(text):
    """The rules of each chain of both tables, in their order."""
    found, table = {}, ""
    for line in text.splitlines():
        table = line if line.startswith("*") else table
        if line.startswith("-A"):
            found.setdefault((table, line.split()[1]), []).append(line)
    return found


def is_given_back(view):
    """Fail unless every chain has the same rules after they were loaded and saved again."""
    text = printing.text("iptables", view)
    tool = "ip6tables" if ":" in view.addresses[0] else "iptables"
    assert by_chain(listed("iptables", f"{tool}-restore && {tool}-save", text)) == by_chain(text)


@pytest.mark.parametrize("name", REAL)
def test_the_kernel_takes_the_rules_and_gives_them_back(name):
    """Loaded and saved again in a network namespace, every chain has the same rules."""
    is_given_back(REAL[name])


@settings(max_examples=20, deadline=None, derandomize=True)
@given(view=views(count=8, protocols=("TCP", "UDP", "SCTP")))
def test_the_kernel_gives_back_the_rules_of_random_clusters(view):
    """Whatever is combined in them."""
    is_given_back(view)


def test_probabilities_are_rounded_as_the_kernel_rounds_them():
    """A third is written with ten digits, kept in 31 bits, and shown as iptables-save shows it."""
    text = printing.text("iptables", view(service(endpoints=THREE)))
    chances = [line.split("--probability ")[1].split()[0]
               for line in text.splitlines() if "--probability" in line]  # fmt: skip
    assert chances == ["0.33333333349", "0.50000000000"]


def test_only_chains_that_are_used_are_written():
    """No external chain for a ClusterIP, no local one under Cluster, none at all for nobody."""
    plain = printing.text("iptables", view(service()))
    assert {"KUBE-SVC", "KUBE-SEP"} <= {line[1:9] for line in plain.splitlines()}
    assert not any(kind in plain for kind in ("KUBE-EXT-", "KUBE-SVL-", "KUBE-FW-"))
    nobody = printing.text("iptables", view(service(endpoints=[], node_port=30001)))
    assert "KUBE-SVC-" not in nobody
    assert nobody.count("REJECT --reject-with icmp-port-unreachable") == 2
