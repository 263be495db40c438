"""What gives way, from the numbers of a run that fails and of one that does not."""

import pytest

from emu.analysis.bottleneck import bottleneck
from emu.analysis.latency import HopLatency
from emu.analysis.summary import Summary, summarise


@pytest.fixture
def summary(synthetic, tmp_path):
    """Makes a summary with these outcomes, mean seconds by hop, and use of the busiest Pod."""
    made = summarise(synthetic.record(tmp_path / "run", synthetic.rows(100)))

    def change(outcomes, busy=0.5, **hops) -> Summary:
        failed = sum(n for name, n in outcomes.items() if name not in ("ok", "in_flight"))
        sent = sum(outcomes.values())
        one = next(iter(made.pods))
        return made.model_copy(
            update={
                "outcomes": outcomes,
                "requests": made.requests.model_copy(
                    update={"sent": sent, "failed": failed, "ok": outcomes.get("ok", 0)}
                ),
                "attempts": made.attempts.model_copy(update={"sent": sent}),
                "latency_by_hop_seconds": {
                    name: HopLatency(count=1, mean=mean) for name, mean in hops.items()
                },
                "pods": {one: made.pods[one].model_copy(update={"utilisation": busy})},
            }
        )

    return change


@pytest.mark.parametrize(
    ("outcome", "part"),
    [("backlog_full", "queue"), ("conntrack_full", "conntrack"), ("snat_exhausted", "SNAT ports"),
     ("ports_exhausted", "source ports"), ("bad_gateway", "load balancer"), ("dns_failure", "DNS")],
)  # fmt: skip
def test_failures_name_their_cause(summary, outcome, part):
    """Most of what failed ended so, and more than in the run that will do."""
    failing = summary({"ok": 90, outcome: 8, "request_timeout": 2}, queue=1.0)
    found = bottleneck(failing, summary({"ok": 100}, queue=0.1))
    assert found.part == part
    assert f"8 % of the attempts end as {outcome}" in found.why


def test_failures_beside_latency_are_no_cause_of_it(summary):
    """A run that is too slow, and in which a few requests fail too, is slow where time is lost."""
    failing = summary({"ok": 95, "backlog_full": 5}, 0.9, queue=1.0)
    assert bottleneck(failing, None, by_failures=False).part == "CPU"
    assert bottleneck(failing, None, by_failures=True).part == "queue"


def test_timeouts_are_put_down_to_where_time_is_lost(summary):
    """What clients give up says nothing by itself: requests wait longest for busy workers."""
    meeting = summary({"ok": 100}, queue=0.01, service=0.2, to_node=0.1)
    failing = summary(
        {"ok": 80, "request_timeout": 20}, 0.97, queue=0.15, service=0.2, to_node=0.11
    )
    found = bottleneck(failing, meeting)
    assert found.part == "CPU"
    assert "the busiest Pod is busy for 97 %" in found.why


@pytest.mark.parametrize(
    ("hop", "part"),
    [("to_node", "load balancer"), ("to_pod", "link"), ("return", "link"), ("dns", "DNS"),
     ("queue", "queue"), ("service", "CPU")],
)  # fmt: skip
def test_time_is_lost_on_one_part_of_the_way(summary, hop, part):
    """The part that grew most, whatever takes longest anyway; idle workers are no bottleneck."""
    busy = 0.9 if hop == "service" else 0.3
    meeting = summary({"ok": 100}, to_load_balancer=0.5, **{hop: 0.1})
    failing = summary({"ok": 100}, busy, to_load_balancer=0.5, **{hop: 0.2})
    assert bottleneck(failing, meeting).part == part


def test_without_a_run_that_will_do_it_is_where_most_time_is_spent(summary):
    """There is nothing to see growth beside."""
    assert bottleneck(summary({"ok": 9}, 0.99, queue=2.0, service=0.1)).part == "CPU"
    assert bottleneck(summary({"request_timeout": 9})).part == "path"
