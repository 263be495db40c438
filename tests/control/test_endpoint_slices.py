"""The endpoints of Services as their Pods come, change and go."""

S = 1_000_000_000


def test_what_changes_in_one_instant_is_one_change(lived):
    """Four Pods that become ready together are heard of once, with all of them."""
    life = lived(
        **{"timeline[0]": {"at": "10s", "do": "scale", "deployment": "web", "replicas": 8}}
    )
    heard = []

    def hear(port):
        ready = sum(its.ready for its in life.world.slices.of(port).everywhere)
        heard.append((life.env.now // S, ready))

    life.world.slices.watch(hear)
    life.run(20)
    assert heard == [(10, 4), (11, 8)]
