"""Names of kube-proxy's iptables chains.

A chain's name ends in the first 16 characters of the base32 form of the SHA-256 digest of what it
stands for. ``default/kubernetes:https`` has KUBE-SVC-NPX46M4PTMTKRN6Y on every cluster. Source:
Kubernetes, pkg/proxy/iptables (``portProtoHash``, ``servicePortEndpointChainName``).
"""

import base64
import hashlib


def _digest(text: str) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode()[:16]


def service_chain(service_port: str, protocol: str = "tcp") -> str:
    """The chain that balances over the endpoints: ``service_port`` is ``namespace/name:port``."""
    return f"KUBE-SVC-{_digest(service_port + protocol)}"


def local_chain(service_port: str, protocol: str = "tcp") -> str:
    """The chain that balances over the endpoints on this node."""
    return f"KUBE-SVL-{_digest(service_port + protocol)}"


def external_chain(service_port: str, protocol: str = "tcp") -> str:
    """The chain that traffic to a NodePort goes through first."""
    return f"KUBE-EXT-{_digest(service_port + protocol)}"


def endpoint_chain(service_port: str, endpoint: str, protocol: str = "tcp") -> str:
    """The chain that translates to one endpoint, ``address:port``."""
    return f"KUBE-SEP-{_digest(service_port + protocol + endpoint)}"


def firewall_chain(service_port: str, protocol: str = "tcp") -> str:
    """The chain for traffic to the address of a load balancer whose sources are limited."""
    return f"KUBE-FW-{_digest(service_port + protocol)}"
