"""Processes that are slow at first."""

import pytest


def test_speed_rises_in_steps(lived):
    """From a fifth at the moment it listens to all of it at the end of the window, in 20 steps."""
    warming = {"window": "20s", "least": 0.2}
    life = lived(**{"behaviours[0].warming": warming, "behaviours[0].speed": 2})
    life.at(10, lambda: life.world.scale("web", 5))
    assert life.run(12).state.pods["speed"][4] == 2
    for second in range(20):
        life.run(12.5 + second)
        speed = 2 * (0.2 + 0.8 * second / 20)
        assert life.state.pods["speed"][4] == pytest.approx(speed)
    assert life.run(32.5).state.pods["speed"][4] == 2
    assert life.state.pods["speed"][:4].tolist() == [2] * 4


def test_again_after_a_restart(lived):
    """One that crashes while it warms begins anew."""
    life = lived(**{"behaviours[0].warming": {"window": "20s"}})
    life.at(10, lambda: life.world.crash("web-0"))
    life.at(15, lambda: life.world.crash("web-0"))
    assert life.run(14).state.pods["speed"][0] == pytest.approx(0.1 + 0.9 * 2 / 20)
    assert life.run(26.5).state.pods["speed"][0] == pytest.approx(0.1)
    assert life.run(47).state.pods["speed"][0] == 1


def test_with_what_else_slows_it(lived):
    """All factors are multiplied; a Pod that is slow is so again when it is warm."""
    life = lived(**{"behaviours[0].warming": {"window": "20s", "least": 0.5}})
    life.at(5, lambda: life.world.slow("web-0", 0.5))
    life.at(10, lambda: life.world.crash("web-0"))
    life.at(40, lambda: life.world.release("web-0", 0.5))
    assert life.run(11.5).state.pods["speed"][0] == 0.25
    assert life.run(35).state.pods["speed"][0] == 0.5
    assert life.run(41).state.pods["speed"][0] == 1
