"""A small interpreter of nftables rules: what a node makes of the first packet of a connection.

It takes every branch of ``numgen random``, so it tells all that may become of the packet. Sets with
a timeout are empty. A rule that it does not know is an error.
"""

import re
from dataclasses import replace
from ipaddress import ip_address, ip_network, summarize_address_range

from tests.printing.skb import Skb

PRIORITIES = {"dstnat": -100, "srcnat": 100, "filter": 0}


def words_of(line):
    """Words, quoted texts, and what stands in braces."""
    return re.findall(r'"[^"]*"|\{[^}]*\}|[^\s,]+', line)


def elements(text):
    """What stands in braces, apart; without comments."""
    return [re.sub(r' comment "[^"]*"', "", its).strip() for its in text.strip("{} ").split(",")]


def parse(text):
    """Sets of addresses, maps of verdicts, chains of rules, and base chains by their hook."""
    sets, maps, chains, hooks = {}, {}, {}, {}
    for kind, name, block in re.findall(r"\t(set|map|chain) (\S+) \{\n(.*?)\n\t\}", text, re.S):
        found = re.search(r"elements = (\{.*\})", block, re.S)
        given = elements(found[1]) if found else []
        if kind == "set":
            sets[f"@{name}"] = given
        elif kind == "map":
            maps[f"@{name}"] = dict(its.split(" : ") for its in given)
        else:
            chains[name] = [words_of(line) for line in block.splitlines()]
            if chains[name] and chains[name][0][0] == "type":
                _, type_, _, hook, _, *priority = chains[name].pop(0)
                number = eval(" ".join(priority).partition(";")[0], PRIORITIES.copy())
                hooks.setdefault(hook, []).append((number, type_, name))
    return sets, maps, chains, {hook: sorted(given) for hook, given in hooks.items()}


def lies_in(address, texts):
    """Whether an address is one of these, or lies in one of these networks and ranges."""
    for text in texts:
        first, _, last = text.partition("-")
        found = (
            summarize_address_range(ip_address(first), ip_address(last))
            if last
            else [ip_network(first)]
        )
        if any(ip_address(address) in network for network in found):
            return True
    return False


class Interpreter:
    """The rules of one node, which owns these addresses."""

    def __init__(self, text, addresses):
        self.sets, self.maps, self.chains, self.hooks = parse(text)
        self.addresses = addresses

    def owns(self, address):
        """Whether it is an address of type local."""
        return address in self.addresses or ip_address(address).is_loopback

    def outcomes(self, protocol, source, destination, port):
        """All that may become of the packet: (action, endpoint, masqueraded)."""
        start = Skb(protocol.lower(), source, destination, port)
        found = set()
        for verdict, skb in self._route(start):
            if verdict in ("drop", "reject"):
                found.add((verdict.upper(), "", False))
            elif skb.translated:
                ((last, _),) = self._hook("postrouting", skb)
                found.add(("DNAT", skb.endpoint, last == "masquerade"))
            else:
                found.add(("NONE", "", False))
        return found

    def _route(self, skb):
        """Through the hooks before and after routing; what a node sends itself comes in again."""
        sent = self.owns(skb.source)
        for first, after in self._hook("output" if sent else "prerouting", skb):
            here = self.owns(after.destination)
            again = ["prerouting"] if sent and here else []
            later = [*again, "input"] if here else [] if sent else ["forward"]
            verdicts = [first]
            for hook in later:
                ((verdict, _),) = self._hook(hook, after, again="filter" if sent else "")
                verdicts.append(verdict)
            yield next((v for v in verdicts if v in ("drop", "reject")), ""), after

    def _hook(self, hook, skb, again="", first=0):
        """The chains of a hook in the order of their priorities; nat has each packet but once."""
        for place, (_, type_, name) in enumerate(self.hooks[hook][first:], start=first):
            if again in ("", type_):
                for verdict, after in self._chain(name, skb):
                    if verdict in ("drop", "reject", "masquerade"):
                        yield verdict, after
                    else:
                        yield from self._hook(hook, after, again, place + 1)
                return
        yield "", skb

    def _chain(self, name, skb, first=0):
        """What a chain may end with, and the packet then; no verdict where it runs through."""
        if first == len(self.chains[name]):
            yield "", skb
            return
        for verdict, after in self._rule(self.chains[name][first], skb):
            if verdict == "continue":
                yield from self._chain(name, after, first + 1)
            else:
                yield ("" if verdict == "return" else verdict), after

    def _rule(self, words, skb):
        """What a rule may do: ``continue`` where the next one is asked."""
        rest = words[:-2] if words[-2:-1] == ["comment"] else words
        while (found := self._match(rest, skb)) is not None:
            met, rest = found
            if not met:
                return iter([("continue", skb)])
        return self._looked_up(rest, skb)

    def _match(self, words, skb):
        """Whether the match that the words begin with is met, and the rest; None without one."""
        ends = {"saddr": skb.source, "daddr": skb.destination}
        match words:
            case ["ip" | "ip6", _, ".", *_]:
                return None
            case ["ct", "state", "new", *rest]:
                return True, rest
            case ["fib", end, "type", "local", *rest]:
                return self.owns(ends[end]), rest
            case ["ip" | "ip6", end, "!=", value, *rest]:
                return not self._lies(ends[end], value), rest
            case ["ip" | "ip6", end, value, *rest]:
                return self._lies(ends[end], value), rest
            case ["tcp" | "udp" | "sctp" as protocol, "dport", port, *rest]:
                return (protocol, port) == (skb.protocol, str(skb.port)), rest
            case ["meta", "mark", "&", mask, "==", value, *rest]:
                return skb.mark & int(mask, 16) == int(value, 16), rest
        return None

    def _lies(self, address, value):
        texts = self.sets.get(value, []) if value.startswith("@") else elements(value)
        return lies_in(address, texts)

    def _looked_up(self, words, skb):
        """What a verdict map has for the packet, or by chance; else the statement itself."""
        match words:
            case [*key, "vmap", name] if name.startswith("@"):
                address = f"{skb.destination} . " if "daddr" in key else ""
                found = f"{address}{skb.protocol} . {skb.port}"
                yield from self._done(self.maps[name].get(found, "continue").split(), skb)
            case ["numgen", "random", "mod", count, "vmap", branches]:
                chances = dict(its.split(" : ") for its in elements(branches))
                assert list(chances) == list(map(str, range(int(count))))
                for verdict in chances.values():
                    yield from self._done(verdict.split(), skb)
            case _:
                yield from self._done(words, skb)

    def _done(self, words, skb):
        """What a statement does."""
        match words:
            case ["meta", "mark", "set", "meta", "mark", "|", bits]:
                yield "continue", replace(skb, mark=skb.mark | int(bits, 16))
            case ["meta", "mark", "set", "meta", "mark", "^", bits]:
                yield "continue", replace(skb, mark=skb.mark ^ int(bits, 16))
            case ["meta", "l4proto", protocol, "dnat", "to", endpoint] if protocol == skb.protocol:
                address, _, port = endpoint.rpartition(":")
                place = {"destination": address.strip("[]"), "port": int(port)}
                yield "accept", replace(skb, **place, translated=True)
            case ["jump" | "goto" as how, name]:
                through = "continue" if how == "jump" else "return"
                yield from (
                    (verdict or through, after) for verdict, after in self._chain(name, skb)
                )
            case ["masquerade", "fully-random"]:
                yield "masquerade", skb
            case ["drop" | "reject" | "return" | "continue" as verdict]:
                yield verdict, skb
            case ["update", _, _]:
                yield "continue", skb
            case _:
                raise AssertionError(f"unknown rule {words}")
