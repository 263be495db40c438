"""The printed table of the mode nftables: its parts, and that the kernel takes it as it is."""

import subprocess

import pytest

from emu import printing
from emu.hops.endpoints import Endpoint
from emu.lab import missing
from tests.printing.test_iptables import REAL, service, view


@pytest.mark.parametrize("name", REAL)
def test_the_kernel_takes_the_table_and_gives_it_back(name):
    """Loaded and listed again in a network namespace, the text is the same."""
    lacking = missing("nftables")
    if lacking:
        pytest.skip("; ".join(lacking))
    text = printing.text("nftables", REAL[name][0])
    command = ["unshare", "-n", "sh", "-c", "nft -f - && nft list ruleset"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout == text


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
