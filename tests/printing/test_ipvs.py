"""The printed virtual servers of the mode ipvs."""

from hypothesis import given, settings
from hypothesis import strategies as st

from emu import printing
from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy.modes import ipvs
from emu.hops.kubeproxy.traffic import Action
from emu.hops.kubeproxy.view import Packet
from tests.printing.clusters import DESTINATIONS, SOURCES, service, view, views

HERE, THERE = Endpoint("10.244.1.2", 8080, "a"), Endpoint("10.244.2.2", 8080, "b")


def servers(text):
    """What is printed: endpoints by protocol and ``address:port``."""
    found = {}
    for line in text.splitlines():
        kind, flag, place, *rest = line.split()
        protocol = {"-t": "TCP", "-u": "UDP", "--sctp-service": "SCTP"}[flag]
        real = found.setdefault((protocol, place), [])
        if kind == "-a":
            real.append(rest[rest.index("-r") + 1])
    return found


@settings(max_examples=300, deadline=None)
@given(view=views(), source=st.sampled_from(SOURCES), protocol=st.sampled_from(["TCP", "UDP"]))
def test_the_servers_are_those_that_the_mode_decides_by(view, source, protocol):
    """A packet meets a printed server and its endpoints, or a source range, or no Service."""
    printed = servers(printing.text("ipvs", view))
    for destination, port in DESTINATIONS:
        found = ipvs.decide(view, Packet(protocol, source, destination, port))
        real = printed.get((protocol, f"{destination}:{port}"))
        if found.action == Action.DROP:
            assert real is not None
            assert "loadBalancerSourceRanges" in found.reason
        elif found.front is None:
            assert real is None
        else:
            assert [str(endpoint) for endpoint in found.endpoints] == real
            assert found.action == (Action.DNAT if real else Action.REJECT)


def test_each_address_is_a_virtual_server():
    """ClusterIP and NodePort, each with all endpoints, by masquerading, at weight 1."""
    shown = service(endpoints=[HERE, THERE], node_port=30001)
    assert printing.text("ipvs", view(shown)).splitlines() == [
        "-A -t 10.96.0.1:80 -s rr",
        "-a -t 10.96.0.1:80 -r 10.244.1.2:8080 -m -w 1",
        "-a -t 10.96.0.1:80 -r 10.244.2.2:8080 -m -w 1",
        "-A -t 10.0.0.1:30001 -s rr",
        "-a -t 10.0.0.1:30001 -r 10.244.1.2:8080 -m -w 1",
        "-a -t 10.0.0.1:30001 -r 10.244.2.2:8080 -m -w 1",
    ]


def test_policies_affinity_and_scheduler():
    """Local endpoints outside, all inside; persistence in seconds; another scheduler by name."""
    shown = service(endpoints=[HERE, THERE], node_port=30001, external_local=True, affinity_s=600)
    lines = printing.text("ipvs", view(shown, scheduler="lc")).splitlines()
    assert lines[0] == "-A -t 10.96.0.1:80 -s lc -p 600"
    assert lines[3:] == [
        "-A -t 10.0.0.1:30001 -s lc -p 600", "-a -t 10.0.0.1:30001 -r 10.244.1.2:8080 -m -w 1",
    ]  # fmt: skip


def test_without_local_endpoints_those_of_the_cluster_serve():
    """What the other modes drop, ipvs sends elsewhere, if the Service ever uses the cluster's."""
    shown = service(endpoints=[THERE], internal_local=True, node_port=30001)
    there = ["10.244.2.2:8080"]
    assert servers(printing.text("ipvs", view(shown))) == {
        ("TCP", "10.96.0.1:80"): there, ("TCP", "10.0.0.1:30001"): there,
    }  # fmt: skip
    inside = view(service(endpoints=[THERE], internal_local=True))
    assert servers(printing.text("ipvs", inside)) == {("TCP", "10.96.0.1:80"): []}


def test_maglev_hashing_takes_the_port_too():
    """kube-proxy sets the flag mh-port with this scheduler, and with no other."""
    shown = service(endpoints=[], affinity_s=600)
    line = printing.text("ipvs", view(shown, scheduler="mh")).rstrip()
    assert line == "-A -t 10.96.0.1:80 -s mh -p 600 -b mh-port"


def test_other_protocols_and_families():
    """UDP and SCTP have flags of their own, IPv6 addresses brackets."""
    udp = service("d/u", protocol="UDP", cluster_ip="fd00::1", endpoints=[])
    sctp = service("d/s", protocol="SCTP", endpoints=[])
    assert printing.text("ipvs", view(udp, sctp)).splitlines() == [
        "-A -u [fd00::1]:80 -s rr", "-A --sctp-service 10.96.0.1:80 -s rr",
    ]  # fmt: skip
