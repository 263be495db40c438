"""A folder of variants, read as ``{name: module}``: a file in the folder is the registration.

A variant is a module with a frozen pydantic model ``Options`` (an `OptionsModel`) and the functions
that the folder's contract, in its ``__init__``, asks for. Its name in YAML is the file's name, and
`choice` makes the type of a scenario's field out of a folder::

    arrivals: {poisson: {rate: 200/s}}     # a name and its options
    strategy: round_robin                  # a name alone
"""

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    create_model,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from emu.errors import UnknownNameError


class OptionsModel(BaseModel):
    """A block of a scenario: frozen, camelCase in YAML, unknown fields refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True,
        validate_by_alias=True, serialize_by_alias=True, use_attribute_docstrings=True,
    )  # fmt: skip


class Choice(NamedTuple):
    """A variant chosen by name, with its validated options."""

    name: str
    options: Any


class Registry(Mapping[str, ModuleType]):
    """The variants of one folder; ``what`` names them in messages ("strategy")."""

    def __init__(self, package: ModuleType, what: str) -> None:
        self.what = what
        self._package = package.__name__
        names = (found.name for found in pkgutil.iter_modules(package.__path__))
        self._names = tuple(sorted(name for name in names if not name.startswith("_")))

    def __getitem__(self, name: str) -> ModuleType:
        if name not in self._names:
            raise UnknownNameError(self.what, name, self._names)
        return import_module(f"{self._package}.{name}")

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def chosen(self, name: str, **options: Any) -> Choice:
        """The variant with these options, as a scenario's text would choose it."""
        return Choice(name, self[name].Options.model_validate(options))

    def number(self, name: str) -> int:
        """The variant's place among the sorted names: how compiled code refers to it."""
        return self._names.index(name)


def choice(registry: Registry, shorthand: Callable[[Any], Any] | None = None) -> Any:
    """The annotated type of a field that holds one variant of ``registry``.

    It validates into a `Choice`. ``shorthand`` may turn a value that is no mapping into one
    (``20ms`` into ``{constant: {value: 20ms}}``); a string that names a variant always may.
    """

    def expand(value: Any) -> Any:
        if isinstance(value, Choice):
            return {value.name: value.options}
        if isinstance(value, str) and value in registry:
            return {value: {}}
        if shorthand is not None and not isinstance(value, Mapping):
            return shorthand(value)
        if isinstance(value, str):
            raise _unknown(registry, value)
        if not isinstance(value, Mapping) or len(value) != 1:
            raise PydanticCustomError(
                "choice", f"must be one {registry.what} and its options, as in {{name: {{...}}}}"
            )
        ((name, options),) = value.items()
        if name not in registry:
            raise _unknown(registry, name)
        return {name: {} if options is None else options}

    def chosen(block: BaseModel) -> Choice:
        (name,) = block.model_fields_set
        return Choice(name, getattr(block, name))

    def dump(value: Choice) -> dict[str, Any]:
        return {value.name: value.options.model_dump(mode="json", by_alias=True)}

    fields: dict[str, Any] = {
        name: (module.Options, None) for name, module in registry.items()
    }
    block = create_model(
        registry.what.title().replace(" ", ""), __config__=ConfigDict(extra="forbid"), **fields
    )
    return Annotated[block, BeforeValidator(expand), AfterValidator(chosen), PlainSerializer(dump)]


def _unknown(registry: Registry, name: object) -> PydanticCustomError:
    message = str(UnknownNameError(registry.what, str(name), registry))
    return PydanticCustomError("choice", message.replace("{", "{{").replace("}", "}}"))
