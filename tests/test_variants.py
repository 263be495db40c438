"""What holds for every variant: a new file in a folder is tested by being there."""

import inspect

import pydantic
import pytest

from emu.distributions import DISTRIBUTIONS
from emu.hops.balancer import STRATEGIES
from emu.hops.kubeproxy import MODES
from emu.hops.kubeproxy.scheduling import SCHEDULERS
from emu.workload import ARRIVALS

CONTRACTS = [
    (SCHEDULERS, {"pick": ["memory", "server", "table", "count", "source", "port"]}),
    (DISTRIBUTIONS, {
        "parameters": ["options"],
        "mean": ["options"],
        "draw": ["parameters", "first", "seed", "stream", "request", "attempt"],
    }),
    (ARRIVALS, {
        "parameters": ["options"],
        "rate": ["options"],
        "following": ["parameters", "first", "seed", "request", "index", "previous"],
    }),
    (STRATEGIES, {
        "prepare": ["options", "backends"],
        "pick": ["backends", "memory", "now", "key", "seed", "request", "attempt"],
    }),
    (MODES, {"decide": ["view", "packet"]}),
]  # fmt: skip
VARIANTS = [
    pytest.param(registry[name], functions, id=f"{registry.what}-{name}")
    for registry, functions in CONTRACTS
    for name in registry
]
WITH_OPTIONS = [
    pytest.param(registry[name], id=f"{registry.what}-{name}")
    for registry in (DISTRIBUTIONS, ARRIVALS, STRATEGIES)
    for name in registry
]


def example(module):
    """The variant's example options, as a scenario writes them."""
    return getattr(module, "EXAMPLE", {})


@pytest.mark.parametrize(("module", "functions"), VARIANTS)
def test_a_variant_has_the_functions_of_its_contract(module, functions):
    """Each function is there, documented, and takes what the contract says, in that order."""
    assert module.__doc__
    for name, arguments in functions.items():
        function = getattr(module, name)
        assert list(inspect.signature(function).parameters) == arguments
        assert function.__doc__


@pytest.mark.parametrize("module", WITH_OPTIONS)
def test_options_are_frozen_and_closed(module):
    """Options are documented, cannot be changed, and refuse a field that they do not have."""
    options = module.Options.model_validate(example(module))
    assert module.Options.__doc__
    fields = module.Options.model_json_schema().get("properties", {}).values()
    assert all(field["description"] for field in fields)
    for name in module.Options.model_fields:
        with pytest.raises(pydantic.ValidationError, match="frozen"):
            setattr(options, name, None)
    with pytest.raises(pydantic.ValidationError, match="Extra inputs"):
        module.Options.model_validate({**example(module), "unheardOf": 1})


@pytest.mark.parametrize("module", WITH_OPTIONS)
def test_options_read_back_as_written(module):
    """Options written into a resolved scenario read as the same options, and have a schema."""
    options = module.Options.model_validate(example(module))
    written = options.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert module.Options.model_validate(written) == options
    schema = module.Options.model_json_schema(by_alias=True)
    assert set(written) <= set(schema.get("properties", {}))
