"""Printed rules in the real kernel: loaded, and listed again."""

import subprocess
from ipaddress import ip_network

import pytest

from emu.hops.endpoints import Endpoint
from emu.lab import missing
from tests.printing.clusters import service, view

THREE = [Endpoint(f"10.244.1.{last}", 8080, "a") for last in (2, 3, 4)]
LIMITED = {
    "load_balancer_ips": ("198.51.100.2",), "external_local": True, "affinity_s": 10_800,
    "source_ranges": (ip_network("10.0.0.0/8"),), "health_check_node_port": 31000,
}  # fmt: skip
EVERYWHERE = ip_network("0.0.0.0/0")
REAL = {
    "one endpoint": view(service()),
    "three": view(service(endpoints=THREE, node_port=30001)),
    "fifty": view(service(endpoints=[Endpoint(f"10.244.1.{n}", 80) for n in range(1, 51)])),
    "everything": view(service(endpoints=THREE, node_port=30001, **LIMITED)),
    "nobody": view(service(endpoints=[], node_port=30001)),
    "none local": view(service(endpoints=[Endpoint("10.244.2.2", 1)], internal_local=True)),
    "UDP and SCTP": view(
        service("d/u", protocol="UDP"), service("d/s", protocol="SCTP", node_port=30002)
    ),
    "several ports": view(
        *(service(f"d/w:{port}", port=port, node_port=30000 + port) for port in (443, 80, 8080, 53))
    ),
    "many": view(
        *(
            service(f"d/s{n}:p", cluster_ip=f"10.96.{n % 7}.{n}", endpoints=THREE[: n % 4],
                    port=80 + n, node_port=30000 + n, protocol=("TCP", "UDP", "SCTP")[n % 3])
            for n in range(1, 41)
        )
    ),
    "NodePorts at one address": view(service(node_port=30001), node_port_addresses=("primary",)),
    "no localhost": view(service(node_port=30001), localhost_node_ports=False),
    "every source is a Pod": view(
        service(node_port=30001, **LIMITED), cluster_networks=(EVERYWHERE,)
    ),
    "one Pod's address": view(service(), cluster_networks=(ip_network("10.244.0.1/32"),)),
    "every source is accepted": view(
        service(**LIMITED | {"source_ranges": (ip_network("10.0.0.0/8"), EVERYWHERE)})
    ),
    "ranges that touch": view(
        service(**LIMITED | {"source_ranges": tuple(map(ip_network, (
            "192.168.1.0/24", "10.1.0.0/16", "10.0.0.0/8", "192.168.0.0/24", "1.2.3.4/32",
            "172.16.1.0/25", "172.16.0.0/24",
        )))})
    ),
    "two ServiceCIDRs": view(
        service(), service_networks=(ip_network("10.97.0.0/16"), ip_network("10.96.0.0/16"))
    ),
    "one externalIP of two Services": view(
        service(external_ips=("198.51.100.7",)),
        service("d/two", cluster_ip="10.96.0.2", external_ips=("198.51.100.7",), endpoints=[]),
    ),
    "IPv6": view(
        service(endpoint="fd00:1::2", cluster_ip="fd00:96::1", node_port=30001, affinity_s=60),
        service("d/n", cluster_ip="fd00:96::2", endpoints=[]),
        service("d/m", cluster_ip="fd00:96::1:0:0:1", endpoint="fd00:1::3", protocol="UDP"),
        addresses=("fd00::1",),
    ),
    "every source of IPv6 is a Pod": view(
        service(endpoint="fd00:1::2", cluster_ip="fd00:96::1", node_port=30001),
        addresses=("fd00::1",), cluster_networks=(ip_network("::/0"),),
    ),
}  # fmt: skip
"""Views of a node by what is special about their rules."""


def listed(mode, command, text):
    """What a command in a network namespace of its own prints that has the text as its input."""
    lacking = missing(mode)
    if lacking:
        pytest.skip("; ".join(lacking))
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", command],
        input=text, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
