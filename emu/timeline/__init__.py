"""What may be done to a run while it goes on: one file an action, and their contract.

An action is a module with

- ``Options``: what a scenario says of it, a `Momentary` (``at``) or `Lasting` (``at`` and ``for``)
  block; fields that name something say what (``NodeName``, ``PodName`` and so on), so that a
  scenario's checks find what there is not, and events say what they are about;
- ``EXAMPLE``: options as a scenario writes them, for the tests;
- ``EXCLUSIVE``, where a second action on the same thing makes no sense while the first lasts: a
  word that all such actions have in common;
- ``begin(world, options)``: does it, unless the model is made with it;
- ``end(world, options)``, where it lasts: undoes it.

In a scenario its name is the file's in camelCase: ``{at: 30s, do: nodeDown, node: node-2}``.
"""

import sys
from collections.abc import Mapping
from typing import Annotated, Any, Final, NamedTuple

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    ValidationError,
    ValidationInfo,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from emu.errors import UnknownNameError
from emu.quantities import Duration
from emu.registry import Choice, OptionsModel, Registry
from emu.timeline._forms import Lasting, Momentary, Named, about
from emu.timeline._world import World
from emu.units import SECOND

__all__ = [
    "ACTIONS", "NAMES", "Action", "Fault", "Lasting", "Momentary", "Named", "RandomFault", "World",
    "about",
]  # fmt: skip

ACTIONS: Final = Registry(sys.modules[__name__], "action")

NAMES: Final[Mapping[str, str]] = {to_camel(name): name for name in ACTIONS}
"""The files' names by the names in scenarios."""


class RandomFault(NamedTuple):
    """An action that is done at random: its name and options, how long it takes in the mean until
    the next time, and from there to its end, in nanoseconds; both exponential."""

    name: str
    options: Any
    mtbf: int
    mttr: int | None


class _Times(OptionsModel):
    """When an action is done that is done at random."""

    mtbf: Annotated[Duration, Field(ge=SECOND)]
    """The mean time from the start of the run, or from its last end, until it is done."""
    mttr: Annotated[Duration, Field(ge=SECOND // 1000)] | None = None
    """The mean time until it is over, where it lasts."""


def _read(value: Any, info: ValidationInfo) -> Any:
    """The action that a block of a timeline describes."""
    if isinstance(value, Choice):
        return value
    name, said = _named(value)
    return Choice(name, _options(ACTIONS[name].Options, said, info))


def _read_fault(value: Any, info: ValidationInfo) -> Any:
    """The action that a block of ``faults`` describes."""
    if isinstance(value, RandomFault):
        return value
    name, said = _named(value)
    given = {field: said.pop(field) for field in ("mtbf", "mttr") if field in said}
    times = _Times.model_validate(given, by_alias=True, by_name=False)
    if not hasattr(ACTIONS[name], "begin"):
        raise _at("do", PydanticCustomError("action", "must stand in the timeline"), to_camel(name))
    lasts = hasattr(ACTIONS[name], "end")
    if lasts and times.mttr is None:
        raise _at("mttr", PydanticCustomError("missing", "is required"))
    if not lasts and times.mttr is not None:
        rule = "must not be given: it is over at once"
        raise _at("mttr", PydanticCustomError("action", "{rule}", {"rule": rule}), times.mttr)
    for field in ("at", "for"):
        if field in said:
            rule = "must not be given: it comes at random"
            raise _at(field, PydanticCustomError("action", "{rule}", {"rule": rule}), said[field])
    return RandomFault(
        name, _options(ACTIONS[name].Options, said | {"at": "0s"}, info), *_of(times)
    )


def _of(times: _Times) -> tuple[int, int | None]:
    return times.mtbf, times.mttr


def _named(value: Any) -> tuple[str, dict[str, Any]]:
    """The action that a block is about, and the rest of what it says."""
    if not isinstance(value, Mapping):
        raise PydanticCustomError("action", "must be an action, as in {at: 30s, do: nodeDown, ...}")
    said = dict(value)
    name = said.pop("do", None)
    if name is None:
        raise _at("do", PydanticCustomError("missing", "is required"))
    if not isinstance(name, str) or name not in NAMES:
        message = str(UnknownNameError("action", str(name)[:60], sorted(NAMES)))
        raise _at("do", PydanticCustomError("action", "{message}", {"message": message}), name)
    return NAMES[name], said


def _options(model: type[BaseModel], said: dict[str, Any], info: ValidationInfo) -> BaseModel:
    known = {field.alias or name for name, field in model.model_fields.items()}
    for name in said:
        if name not in known:
            message = f"is not a field here; known: do, {', '.join(sorted(known))}"
            raise _at(name, PydanticCustomError("action", "{message}", {"message": message}))
    return model.model_validate(said, by_alias=True, by_name=False, context=info.context)


def _at(field: str, error: PydanticCustomError, value: Any = None) -> ValidationError:
    """A mistake in one field of a block."""
    details = InitErrorDetails(type=error, loc=(field,), input=value)
    return ValidationError.from_exception_data("action", [details])


def _write(value: Choice) -> dict[str, Any]:
    said = value.options.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"at": said.pop("at"), "do": to_camel(value.name), **said}


def _write_fault(value: RandomFault) -> dict[str, Any]:
    said = value.options.model_dump(mode="json", by_alias=True, exclude_none=True)
    del said["at"]
    times = _Times.model_construct(mtbf=value.mtbf, mttr=value.mttr).model_dump(
        mode="json", exclude_none=True
    )
    return {"do": to_camel(value.name), **said, **times}


class _Forms(NamedTuple):
    """The JSON Schema of an action: one form for each; ``times`` stand in the place of its own."""

    times: type[OptionsModel] | None = None

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"oneOf": [self._form(name, handler) for name in sorted(NAMES)]}

    def _form(self, name: str, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        module = ACTIONS[NAMES[name]]
        form = self._block(module.Options, handler)
        if self.times is not None:
            times = self._block(self.times, handler)
            form["properties"] = {
                field: its
                for field, its in form["properties"].items()
                if field not in ("at", "for")
            } | times["properties"]
            form["required"] = [*form.get("required", ()), "mtbf"]
            form["required"].remove("at")
        form["properties"] = {"do": {"const": name}, **form["properties"]}
        form["required"] = ["do", *form["required"]]
        form["description"] = (module.__doc__ or "").strip()
        return form

    def _block(self, model: type[BaseModel], handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(handler.resolve_ref_schema(handler(model.__pydantic_core_schema__)))


Action = Annotated[Any, BeforeValidator(_read), PlainSerializer(_write), _Forms()]
"""The type of a scenario's field that holds an action: a `Choice`."""

Fault = Annotated[Any, BeforeValidator(_read_fault), PlainSerializer(_write_fault), _Forms(_Times)]
"""The type of a scenario's field that holds an action done at random: a `RandomFault`."""
