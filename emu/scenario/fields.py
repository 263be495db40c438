"""The types of single fields: names, addresses, ports and URLs, with the rules in words."""

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv4Network, ip_address, ip_network
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, Strict, WithJsonSchema

_LABEL: Final = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
_REFERENCE: Final = f"({_LABEL}/)?{_SUBDOMAIN}"
_DOMAIN: Final = rf"(?!(.*\.)?[0-9]+$){_SUBDOMAIN}"
_LONGEST_SUBDOMAIN = 253
_LONGEST_URL = 2000


def _matching(pattern: str, longest: int, rule: str) -> AfterValidator:
    """Refuses text that is longer or does not match; ``rule`` says so in words."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if len(text) > longest or compiled.fullmatch(text) is None:
            raise ValueError(rule)
        return text

    return AfterValidator(check)


def _pattern(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


Name = Annotated[
    str,
    _matching(
        _LABEL, 63, "must be at most 63 lower case letters, digits and '-', with no '-' at an end"
    ),
    _pattern(_LABEL),
]
"""A name as Kubernetes allows it for most objects (RFC 1123 label)."""

ObjectName = Annotated[
    str,
    _matching(
        _SUBDOMAIN,
        _LONGEST_SUBDOMAIN,
        "must be lower case letters, digits, '-' and '.', as in web-1 or web.example",
    ),
    _pattern(_SUBDOMAIN),
]
"""A name as Kubernetes allows it for some objects (RFC 1123 subdomain)."""

ObjectReference = Annotated[
    str,
    _matching(_REFERENCE, 64 + _LONGEST_SUBDOMAIN, "must be a name, or namespace/name"),
    _pattern(_REFERENCE),
]
"""An object as ``namespace/name``, or ``name`` for one in the namespace ``default``."""

Domain = Annotated[
    str,
    _matching(_DOMAIN, _LONGEST_SUBDOMAIN, "must be a domain in lower case such as example.com"),
    _pattern(_DOMAIN),
]
"""A domain name."""


def _called(url: str) -> str:
    """Refuse what no client here can call."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("must be a URL such as http://example.com:8080/path") from None
    if parts.scheme not in ("http", "https", "udp"):
        raise ValueError("must begin with http://, https:// or udp://")
    if parts.scheme == "udp" and port is None:
        raise ValueError("must have a port, as in udp://dns:53")
    if host is None or re.fullmatch(rf"{_SUBDOMAIN}\.?", host) is None:
        raise ValueError("must have a host name or an IPv4 address, as in http://example.com/")
    if "@" in parts.netloc or port == 0:
        raise ValueError("must have no user, and a port from 1 to 65535")
    if len(url) > _LONGEST_URL or not url.isprintable() or " " in url:
        raise ValueError(f"must be at most {_LONGEST_URL} characters without spaces")
    return url


Url = Annotated[str, AfterValidator(_called)]
"""A URL with the scheme ``http``, ``https`` or ``udp``."""


def is_ipv4(text: str) -> bool:
    """Whether the text is an IPv4 address."""
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


def _dotted(address: Any) -> Any:
    """Take an address from its text alone: a number would be read as one, too."""
    if isinstance(address, IPv4Address):
        return address
    if not isinstance(address, str) or not is_ipv4(address):
        raise ValueError("must be an IPv4 address such as 192.168.1.1")
    return IPv4Address(address)


Address = Annotated[
    IPv4Address,
    BeforeValidator(_dotted),
    WithJsonSchema({"type": "string", "format": "ipv4"}),
]
"""An IPv4 address."""


_MOST_SOURCES: Final = 1 << 16


def _sources(network: Any) -> Any:
    """Refuse what is no network, and those with more addresses than are kept apart."""
    if isinstance(network, IPv4Network):
        return network
    try:
        read = IPv4Network(network) if isinstance(network, str) else None
    except ValueError:
        read = None
    if read is None:
        raise ValueError("must be an IPv4 network such as 198.51.100.0/24")
    if read.num_addresses > _MOST_SOURCES:
        raise ValueError("must be a network of at most 65536 addresses: /16 or smaller")
    return read


SourceNetwork = Annotated[
    IPv4Network,
    BeforeValidator(_sources),
    WithJsonSchema({"type": "string", "format": "ipv4network"}),
]
"""An IPv4 network whose addresses are senders."""


def _accepted(accepts: Callable[[str], bool], rule: str) -> AfterValidator:
    def check(text: str) -> str:
        if not accepts(text):
            raise ValueError(rule)
        return text

    return AfterValidator(check)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def is_network(text: str) -> bool:
    """Whether the text is a network in CIDR notation."""
    try:
        ip_network(text)
    except ValueError:
        return False
    return "/" in text


AddressText = Annotated[
    str,
    _accepted(_is_address, "must be an IP address such as 10.244.1.2 or fd00::2"),
    AfterValidator(lambda text: str(ip_address(text))),
]
"""An address of a Kubernetes object, kept as text in its shortest form."""

NetworkText = Annotated[
    str, _accepted(is_network, "must be a network such as 10.244.0.0/24 or fd00:1::/64")
]
"""A network in CIDR notation."""

Whole = Annotated[int, Strict()]
"""An integer: no text, no boolean, no 1.0."""

Port = Annotated[Whole, Field(ge=1, le=65535)]
"""A port."""
