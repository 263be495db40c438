"""Pods that are out of memory, one after the other, because the others are."""

S = 1_000_000_000


def killed(run):
    """When Pods were killed, in seconds, and which."""
    events = run.events.to_pylist()
    return [(its["at_ns"] / S, its["object"]) for its in events if its["cause"] == "OOMKilled"]


def test_one_that_is_killed_takes_the_others_along(whole):
    """Within the surge each of the three is killed, the second and third within a second of the
    first, and again when they are back, also after it; what is at them is reset, 41 requests
    each time, and what is on its way to them."""
    run = whole("oom")
    times, pods = zip(*killed(run), strict=True)
    assert set(pods[:3]) == {"default/web-0", "default/web-1", "default/web-2"}
    assert 5 < times[0] < times[2] < times[0] + 1
    assert len(times) > 3
    outcomes = run.requests["outcome"].to_pylist()
    assert 41 * len(times) <= outcomes.count("reset") < 44 * len(times)


def test_a_backlog_that_memory_is_enough_for_saves_them(whole):
    """Nobody is killed, and far fewer requests fail: those alone that are too much."""
    run, without = whole("oom", **{"behaviours[0].backlog": 36}), whole("oom")
    assert killed(run) == []
    outcomes = run.requests["outcome"].to_pylist()
    assert set(outcomes) == {"ok", "backlog_full", "in_flight"}
    failed = outcomes.count("backlog_full")
    lost = sum(its not in ("ok", "in_flight") for its in without.requests["outcome"].to_pylist())
    assert 0 < 5 * failed < lost
