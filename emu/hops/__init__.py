"""What a request meets on its way, in its order: decisions and state, no waiting.

Each hop is a module of kernels over the hop's own structured arrays. Hops know neither engines
nor one another; `node` alone composes endpoints, kube-proxy and conntrack. Below them lie
`maglev`, and the hashes `siphash`, `murmur3` and `xxhash`, which several may take.
"""
