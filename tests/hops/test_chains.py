"""Names of chains, against those of real clusters."""

import pytest

from emu.hops.kubeproxy import chains


def test_the_chain_that_every_cluster_has():
    """The API server's Service has the chain name that iptables-save shows everywhere."""
    assert chains.service_chain("default/kubernetes:https") == "KUBE-SVC-NPX46M4PTMTKRN6Y"


def test_the_dns_chains_that_every_cluster_has():
    """CoreDNS's chains, TCP and UDP, as kubeadm clusters show them."""
    assert chains.service_chain("kube-system/kube-dns:dns-tcp") == "KUBE-SVC-ERIFXISQEP7F7OF4"
    assert chains.service_chain("kube-system/kube-dns:dns", "udp") == "KUBE-SVC-TCOU7JCQXEZGVUNU"


def test_chains_of_one_service_port_share_their_digest():
    """The chains of a Service port differ in their kind alone."""
    names = [
        make("shop/web:http")
        for make in (chains.service_chain, chains.local_chain, chains.external_chain)
    ]
    assert {name[:9] for name in names} == {"KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-"}
    assert len({name[9:] for name in names}) == 1
    assert all(len(name) == 25 for name in names)  # iptables allows 28


@pytest.mark.parametrize("endpoint", ["10.244.1.2:8080", "10.244.1.2:8081", "10.244.1.3:8080"])
def test_each_endpoint_has_a_chain_of_its_own(endpoint):
    """An endpoint's chain differs from those of other endpoints, Services and protocols."""
    name = chains.endpoint_chain("shop/web:http", endpoint)
    others = {
        chains.endpoint_chain("shop/web:http", "10.244.9.9:8080"),
        chains.endpoint_chain("shop/web", endpoint),
        chains.endpoint_chain("shop/web:http", endpoint, "udp"),
    }
    assert name.startswith("KUBE-SEP-") and name not in others and len(others) == 3
