"""Source ports of hosts."""

from emu.hops.ports import ephemeral


def test_ephemeral_ports_come_in_turn_from_linux_range():
    """Connections take 32768 to 60999 in turn, and start again."""
    assert [ephemeral(0), ephemeral(1), ephemeral(28_231)] == [32_768, 32_769, 60_999]
    assert [ephemeral(28_232), ephemeral(2 * 28_232 + 5)] == [32_768, 32_773]
