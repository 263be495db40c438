"""The printed table of the mode nftables: it means what the mode decides, and nft takes it."""

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu import printing
from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy.modes import nftables
from tests.printing.clusters import SOURCES, holds, service, view, views
from tests.printing.kernel import REAL, listed
from tests.printing.nftables_interpreter import Interpreter


@settings(max_examples=300, deadline=None)
@given(
    view=views(),
    sources=st.lists(st.sampled_from(SOURCES), min_size=3, max_size=3, unique=True),
    protocol=st.sampled_from(["TCP", "TCP", "UDP"]),
)
def test_the_table_means_what_the_mode_decides(view, sources, protocol):
    """Interpreted, the text gives the action, the endpoints and the masquerading of `decide`."""
    node = Interpreter(printing.text("nftables", view), view.addresses)
    for source in sources:
        holds(nftables.decide, node, view, protocol, source)


@pytest.mark.parametrize("name", REAL)
def test_the_kernel_takes_the_table_and_gives_it_back(name):
    """Loaded and listed again in a network namespace, the text is the same."""
    text = printing.text("nftables", REAL[name])
    assert listed("nftables", "nft -f - && nft list ruleset", text) == text


@settings(max_examples=20, deadline=None, derandomize=True)
@given(view=views(count=8, protocols=("TCP", "UDP", "SCTP")))
def test_the_kernel_gives_back_the_tables_of_random_clusters(view):
    """Whatever is combined in them."""
    text = printing.text("nftables", view)
    assert listed("nftables", "nft -f - && nft list ruleset", text) == text


def test_names_are_those_of_kube_proxy():
    """The hash of the readable part stands before it, as in clusters."""
    shown = service("ns1/svc1:p80", endpoint="10.180.0.1", node_port=30001)
    text = printing.text("nftables", view(shown))
    assert "chain service-ULMVA6XW-ns1/svc1/tcp/p80 {" in text
    assert "chain external-ULMVA6XW-ns1/svc1/tcp/p80 {" in text
    assert "__10.180.0.1/8080 {" in text


def test_nobody_is_in_the_maps_of_the_missing():
    """Without endpoints anywhere: goto reject-chain; on other nodes alone: drop."""
    nobody = printing.text("nftables", view(service(endpoints=[], node_port=30001)))
    assert 'tcp . 30001 comment "default/web:http" : goto reject-chain' in nobody
    far = service(endpoints=[Endpoint("10.244.2.2", 80, "b")], node_port=30001, external_local=True)
    assert 'tcp . 30001 comment "default/web:http" : drop' in printing.text("nftables", view(far))


def test_long_names_are_cut_in_comments():
    """nft takes comments of 128 characters: a longer name of a Service port is cut."""
    name = f"{'n' * 63}/{'s' * 63}:port"
    text = printing.text("nftables", view(service(name, endpoints=[])))
    assert f'comment "{name[:128]}"' in text
    assert name not in text


def test_ranges_are_as_nft_merges_them():
    """Sorted; what touches or overlaps is one, without braces where it is the only one."""
    limits = {"load_balancer_ips": ("198.51.100.2",)}

    def shown(*texts):
        given = tuple(map(ip_network, texts))
        text = printing.text("nftables", view(service(source_ranges=given, **limits)))
        return next(line.strip() for line in text.splitlines() if line.endswith(" drop"))

    assert shown("1.2.3.4/32") == "ip saddr != 1.2.3.4 drop"
    assert shown("10.1.0.0/16", "10.0.0.0/8") == "ip saddr != { 10.0.0.0/8, 198.51.100.2 } drop"
    assert shown("192.0.2.0/25", "1.0.0.0/24", "192.0.2.128/26") == (
        "ip saddr != { 1.0.0.0/24, 192.0.2.0-192.0.2.191 } drop"
    )
