"""What is read from ``conntrack -L``, and held against what the emulator says."""

from emu.lab.entries import Entries, Flow
from emu.lab.expecting import Expected

LISTED = """\
tcp      6 118 TIME_WAIT src=10.244.1.4 dst=10.96.0.1 sport=20001 dport=80 src=10.244.2.3 \
dst=192.168.1.100 sport=8080 dport=3412 [ASSURED] mark=0 use=1
udp      17 29 src=10.244.1.4 dst=10.96.0.7 sport=20002 dport=53 [UNREPLIED] src=10.244.2.3 \
dst=10.244.1.4 sport=8080 dport=20002 mark=0 use=1
icmp     1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=7 src=10.0.0.2 dst=10.0.0.1 type=0 \
code=0 id=7 mark=0 use=1
"""


class Node:
    """A namespace in which conntrack lists these."""

    def execute(self, *command):
        assert command == ("conntrack", "-L")
        return LISTED


def test_replies_are_found_by_protocol_and_original_tuple():
    """Answered or not; what is not there is none, and what has no ports is passed over."""
    entries = Entries(Node())
    tcp, udp = Flow("10.244.1.4:20001", "10.96.0.1:80"), Flow("10.244.1.4:20002", "10.96.0.7:53")
    assert entries.reply("TCP", tcp) == "10.244.2.3:8080 -> 192.168.1.100:3412"
    assert entries.reply("UDP", udp) == "10.244.2.3:8080 -> 10.244.1.4:20002"
    assert entries.reply("UDP", tcp) == "none"


def test_a_reply_goes_with_what_was_seen():
    """The endpoint must be the one that answered; a port that is drawn may be any."""
    wanted = Expected(
        "node-1",
        {
            "10.1.0.2:80 masqueraded": ["10.1.0.2:80 -> 10.0.0.1:*"],
            "10.1.0.3:80": ["10.1.0.3:80 -> 10.1.0.9:20000"],
        },
    )
    assert wanted.allows_entry("10.1.0.2:80 masqueraded", "10.1.0.2:80 -> 10.0.0.1:4711")
    assert not wanted.allows_entry("10.1.0.2:80 masqueraded", "10.1.0.3:80 -> 10.1.0.9:20000")
    assert not wanted.allows_entry("10.1.0.3:80", "10.1.0.3:80 -> 10.1.0.9:4711")
    assert not wanted.allows_entry("10.1.0.3:80", "none")


def test_what_no_node_decides_has_no_answer():
    """Refused or silent, but nobody is reached."""
    nowhere = Expected("", {"no answer": []})
    assert nowhere.allows("silence")
    assert nowhere.allows("refused")
    assert not nowhere.allows("10.1.0.2:80")


def test_what_one_listing_passes_over_another_has():
    """A table is listed until nothing new appears."""
    lines = LISTED.splitlines(keepends=True)

    class Moving:
        """A node whose listings have one line more each time."""

        listed = 0

        def execute(self, *_):
            self.listed += 1
            return "".join(lines[: self.listed])

    node = Moving()
    assert len(Entries(node)._replies) == len(Entries(Node())._replies)
    assert node.listed >= len(lines)
