"""How IPVS hashes an address: to one of 256 buckets, over which the endpoints go in turn.

The bucket is the upper byte of the product with 0x61C88647 (the golden ratio), modulo 2^32; bucket
b has endpoint b mod n. Of more than 256 endpoints the rest get nothing. Older kernels take the
lower byte of the product with 2654435761.

Source: Linux, net/netfilter/ipvs/ip_vs_sh.c and ip_vs_dh.c (``CONFIG_IP_VS_SH_TAB_BITS``,
``CONFIG_IP_VS_DH_TAB_BITS`` 8); include/linux/hash.h (``hash_32``).
"""

from ipaddress import ip_address

from emu.kernel import embedded


def folded(address: str) -> int:
    """An address as a number of 32 bits; of IPv6 it is the exclusive or of the four words."""
    rest, word = int(ip_address(address)), 0
    while rest:
        word ^= rest & 0xFFFFFFFF
        rest >>= 32
    return word


@embedded
def bucket(word: int) -> int:
    """The bucket of a number of 32 bits."""
    return ((word * 0x61C88647) & 0xFFFFFFFF) >> 24
