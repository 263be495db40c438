"""A folder of variants, read as ``{name: module}``: a file in the folder is the registration.

A variant is a module with a frozen pydantic model ``Options`` (an `OptionsModel`) and the functions
that the folder's contract, in its ``__init__``, asks for. Its name in YAML is the file's name, and
`choice` makes the type of a scenario's field out of a folder::

    arrivals: {poisson: {rate: 200/s}}     # a name and its options
    strategy: round_robin                  # a name alone
"""

import ast
import inspect
import pkgutil
import textwrap
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from itertools import pairwise
from types import ModuleType
from typing import Annotated, Any, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    PlainSerializer,
    TypeAdapter,
    create_model,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, PydanticCustomError

from emu.errors import UnknownNameError

_LONGEST_NAME = 60


class OptionsModel(BaseModel):
    """A block of a scenario: frozen, camelCase in YAML, unknown fields refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True,
        validate_by_alias=True, serialize_by_alias=True,
    )  # fmt: skip

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema with defaults as a scenario writes them, and without generated titles.

        A field's description is its docstring. It is looked up here, not by pydantic, which would
        read the sources of all models at every start.
        """
        schema = handler(core_schema)
        block = handler.resolve_ref_schema(schema)
        defaults = cls.model_construct().model_dump(mode="json", exclude_none=True)
        docstrings = {
            cls.model_fields[name].alias: text
            for model in reversed(cls.__mro__)
            if issubclass(model, OptionsModel)
            for name, text in _docstrings(model).items()
            if name in cls.model_fields
        }
        for name, field in block.get("properties", {}).items():
            field.pop("title", None)
            field.pop("default", None)
            if name in docstrings:
                field["description"] = docstrings[name]
            if name in defaults:
                field["default"] = defaults[name]
        return schema


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """What stands below each of a model's own fields in its source, by the field's name."""
    (block,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    found = {}
    for field, below in pairwise(block.body):  # type: ignore[attr-defined]
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text)
    return found


class Choice(NamedTuple):
    """A variant chosen by name, with its validated options."""

    name: str
    options: Any


class Registry(Mapping[str, ModuleType]):
    """The variants of one folder; ``what`` names them in messages ("strategy").

    ``but`` is the name of one that is left out: a variant that is made of the others.
    """

    def __init__(self, package: ModuleType, what: str, but: str = "") -> None:
        self.what = what
        self._package = package.__name__
        names = {found.name for found in pkgutil.iter_modules(package.__path__)} - {but}
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

    def __hash__(self) -> int:
        """So that a field may be a variant or None: a union asks its members for their hashes."""
        return hash((self._package, self._names))

    def chosen(self, name: str, **options: Any) -> Choice:
        """The variant with these options, as a scenario's text would choose it."""
        return Choice(name, self[name].Options.model_validate(options))

    def number(self, name: str) -> int:
        """The variant's place among the sorted names: how compiled code refers to it."""
        return self._names.index(name)


def choice(
    registry: Registry,
    shorthand: Callable[[Any], Any] | None = None,
    shorthand_type: Any = str,
) -> Any:
    """The annotated type of a field that holds one variant of ``registry``.

    It validates into a `Choice`. ``shorthand`` may turn a value that is no mapping into one
    (``20ms`` into ``{constant: {value: 20ms}}``), which the JSON Schema describes as
    ``shorthand_type``; a string that names a variant always may.
    """

    def expand(value: Any) -> Any:
        if isinstance(value, Choice):
            return {value.name: value.options}
        if isinstance(value, str) and value in registry:
            return {value: {}}
        if isinstance(value, str) and (shorthand is None or value[:1].isalpha()):
            raise _unknown(registry, value)
        if shorthand is not None and not isinstance(value, Mapping):
            return shorthand(value)
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
        options = value.options.model_dump(mode="json", by_alias=True, exclude_none=True)
        return {value.name: options}

    fields: dict[str, Any] = {name: (module.Options, None) for name, module in registry.items()}
    block = create_model(
        registry.what.title().replace(" ", ""),
        __config__=ConfigDict(extra="forbid", json_schema_extra=_one_of_its_properties),
        **fields,
    )
    return Annotated[
        block,
        BeforeValidator(expand),
        AfterValidator(chosen),
        PlainSerializer(dump),
        _Shorthands(registry, None if shorthand is None else shorthand_type),
    ]


class _Shorthands(NamedTuple):
    """Adds to a choice's JSON Schema the names alone, and the type of its shorthand."""

    registry: Registry
    shorthand_type: Any

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        forms: list[dict[str, Any]] = [handler(core_schema)]
        if bare := [name for name, module in self.registry.items() if _is_optional(module.Options)]:
            forms.append({"enum": bare})
        if self.shorthand_type is not None:
            forms.append(TypeAdapter(self.shorthand_type).json_schema())
        return {"anyOf": forms}


def _is_optional(options: type[BaseModel]) -> bool:
    """Whether the options may be left out altogether."""
    return not any(field.is_required() for field in options.model_fields.values())


def _one_of_its_properties(schema: dict[str, Any]) -> None:
    for option in schema["properties"].values():
        option.pop("default")
    schema.update(minProperties=1, maxProperties=1)


def _unknown(registry: Registry, name: object) -> PydanticCustomError:
    """The message as it stands; a template would read braces in a name as fields."""
    message = str(UnknownNameError(registry.what, str(name)[:_LONGEST_NAME], registry))
    return PydanticCustomError("choice", "{message}", {"message": message})
