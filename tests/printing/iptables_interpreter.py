"""A small interpreter of iptables rules: what a node makes of the first packet of a connection.

It takes every branch of a ``statistic`` match, so it tells all that may become of the packet.
Lists of ``recent`` are empty. A match that it does not know is an error.
"""

import shlex
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from tests.printing.skb import Skb


class Rule(NamedTuple):
    """Matches as (flag, negated, value), and where a packet that meets all of them goes."""

    matches: tuple[tuple[str, bool, str], ...]
    target: str
    options: tuple[str, ...]


FLAGS = {"-s", "-d", "-p", "--dport", "--ctstate", "--mark", "--src-type", "--dst-type",
         "--probability", "--rcheck", "--set"}  # fmt: skip
IGNORED = {"-m": 1, "--comment": 1, "--mode": 1, "--name": 1, "--mask": 1, "--rsource": 0,
           "--seconds": 1, "--reap": 0}  # fmt: skip


def parse(text):
    """Tables of chains of rules, from the text of iptables-save."""
    tables, chains = {}, {}
    for line in text.splitlines():
        if line.startswith("*"):
            chains = tables.setdefault(line[1:], {})
        elif line.startswith(":"):
            chains[line[1:].split()[0]] = []
        elif line.startswith("-A"):
            _, chain, *words = shlex.split(line)
            chains[chain].append(rule(words))
    return tables


def rule(words):
    """One rule."""
    matches, negated, place = [], False, 0
    while place < len(words):
        word = words[place]
        if word == "-j":
            return Rule(tuple(matches), words[place + 1], tuple(words[place + 2 :]))
        if word == "!":
            negated, place = True, place + 1
        elif word in FLAGS:
            takes = word not in ("--rcheck", "--set")
            matches.append((word, negated, words[place + 1] if takes else ""))
            negated, place = False, place + 1 + takes
        else:
            place += 1 + IGNORED[word]
    return Rule(tuple(matches), "", ())


class Interpreter:
    """The rules of one node, which owns these addresses."""

    def __init__(self, text, addresses):
        self.tables, self.addresses = parse(text), addresses

    def owns(self, address):
        """Whether it is an address of type LOCAL."""
        return address in self.addresses or ip_address(address).is_loopback

    def outcomes(self, protocol, source, destination, port):
        """All that may become of the packet: (action, endpoint, masqueraded)."""
        start = Skb(protocol.lower(), source, destination, port)
        hook = "OUTPUT" if self.owns(source) else "PREROUTING"
        return {self._filtered(skb, hook) for _, skb in self._walk("nat", hook, start)}

    def _filtered(self, skb, hook):
        hooks = ["OUTPUT"] if hook == "OUTPUT" else []
        here = self.owns(skb.destination)
        hooks += ["INPUT"] if here else [] if hooks else ["FORWARD"]
        for name in hooks:
            ((verdict, _),) = self._walk("filter", name, skb)
            if verdict in ("DROP", "REJECT"):
                return verdict, "", False
        if not skb.translated:
            return "NONE", "", False
        return "DNAT", skb.endpoint, self._masqueraded(skb)

    def _masqueraded(self, skb):
        ((verdict, _),) = self._walk("nat", "POSTROUTING", skb)
        return verdict == "MASQUERADE"

    def _walk(self, table, chain, skb) -> Iterator[tuple[str, Skb]]:
        """The verdicts that a chain may come to, with the packet as it is then."""
        yield from self._rules(table, self.tables[table][chain], skb)

    def _rules(self, table, rules, skb):
        for place, (matches, target, options) in enumerate(rules):
            met = self._met(matches, skb)
            if met is None:
                yield from self._rules(table, rules[place + 1 :], skb)  # a draw that misses
            if met is False or not target:
                continue
            if target == "MARK":
                skb = marked(skb, options)
            elif target == "DNAT":
                address, _, port = options[1].rpartition(":")
                yield (
                    "ACCEPT",
                    replace(skb, destination=address.strip("[]"), port=int(port), translated=True),
                )
                return
            elif target == "RETURN":
                break
            elif target in ("ACCEPT", "DROP", "REJECT", "MASQUERADE"):
                yield target, skb
                return
            else:
                ends = list(self._walk(table, target, skb))
                yield from (end for end in ends if end[0])
                if all(verdict for verdict, _ in ends):
                    return
                (skb,) = {after for verdict, after in ends if not verdict}
        yield "", skb

    def _met(self, matches, skb):
        """True, False, or None where it is a matter of chance."""
        chance = False
        for flag, negated, value in matches:
            if flag == "--probability":
                chance = True
            elif self._match(flag, value, skb) == negated:
                return False
        return None if chance else True

    def _match(self, flag, value, skb):
        if flag in ("-s", "-d"):
            address = ip_address(skb.source if flag == "-s" else skb.destination)
            return address in ip_network(value)
        if flag == "-p":
            return skb.protocol == value
        if flag == "--dport":
            return skb.port == int(value)
        if flag == "--ctstate":
            return bool({"NEW", *(["DNAT"] if skb.translated else [])} & set(value.split(",")))
        if flag == "--mark":
            wanted, mask = (int(part, 16) for part in value.split("/"))
            return skb.mark & mask == wanted
        if flag in ("--src-type", "--dst-type"):
            return self.owns(skb.source if flag == "--src-type" else skb.destination)
        return flag == "--set"


def marked(skb, options):
    """``--set-xmark value/mask``: zero the bits of the mask, then xor the value."""
    value, mask = (int(part, 16) for part in options[1].split("/"))
    return replace(skb, mark=(skb.mark & ~mask) ^ value)
