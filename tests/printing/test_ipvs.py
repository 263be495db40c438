"""The printed virtual servers of the mode ipvs."""

from emu import printing
from emu.hops.endpoints import Endpoint
from tests.printing.clusters import service, view

HERE, THERE = Endpoint("10.244.1.2", 8080, "a"), Endpoint("10.244.2.2", 8080, "b")


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
    """What the other modes drop, ipvs sends to another node."""
    lines = printing.text("ipvs", view(service(endpoints=[THERE], internal_local=True)))
    assert lines.splitlines()[1] == "-a -t 10.96.0.1:80 -r 10.244.2.2:8080 -m -w 1"


def test_other_protocols_and_families():
    """UDP and SCTP have flags of their own, IPv6 addresses brackets."""
    udp = service("d/u", protocol="UDP", cluster_ip="fd00::1", endpoints=[])
    sctp = service("d/s", protocol="SCTP", endpoints=[])
    assert printing.text("ipvs", view(udp, sctp)).splitlines() == [
        "-A -u [fd00::1]:80 -s rr", "-A --sctp-service 10.96.0.1:80 -s rr",
    ]  # fmt: skip
