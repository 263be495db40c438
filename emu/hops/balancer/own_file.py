"""A user's own strategy: a Python file, executed and held to the contract of a strategy."""

import hashlib
import inspect
import sys
import tokenize
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from pydantic import BaseModel, Field, GetJsonSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema

from emu.kernel import cache_folder, write_once
from emu.registry import OptionsModel

ARGUMENTS: Final = {
    "prepare": ("options", "backends"),
    "pick": ("backends", "memory", "now", "key", "seed", "request", "attempt"),
    "changed": ("backends", "memory", "backend"),
    "answered": ("backends", "memory", "backend", "now", "latency"),
}
"""The functions of a strategy, and what they take."""

_LONGEST: Final = 200_000


class OwnStrategy(OptionsModel):
    """How a scenario names a user's own strategy."""

    file: str
    """The Python file, by its path from the scenario's folder."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The options of the strategy, as the file's own ``Options`` has them."""


class OwnForm:
    """Adds to the JSON Schema of a choice of strategies how a user's own is named."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The choice's own schema, or this form."""
        schema = handler(core_schema)
        schema["anyOf"].append(TypeAdapter(OwnStrategy).json_schema(by_alias=True))
        return schema


def own_strategy(value: Any) -> Any:
    """``{file: PATH, options: {...}}`` as the choice of the strategy `file`; else the value."""
    if not isinstance(value, Mapping) or not isinstance(value.get("file"), str):
        return value
    if not set(value) <= {"file", "options"}:
        return value
    options = {} if value.get("options") is None else value["options"]
    if not isinstance(options, Mapping):
        raise ValueError("must have options that are a mapping")
    return {"file": {"path": value["file"], "options": options}}


class NoOptions(OptionsModel):
    """The options of a file that has none."""


class OwnFile:
    """The strategy in a file: ``path`` as messages name it, its ``source`` and ``module``.

    The source is executed. Raises ValueError where it cannot be, or is no strategy.
    """

    def __init__(self, path: str, source: str) -> None:
        self.path, self.source = path, source
        digest = hashlib.sha256(source.encode()).hexdigest()[:16]
        self.module = executed(f"emu_strategy_{digest}", source, path)
        for name, function in functions(self.module):
            setattr(self.module, name, function)
        _check(self.module, path)

    def validated(self, options: dict[str, Any]) -> BaseModel:
        """The options as the file's own ``Options``. Raises ValueError where they are wrong."""
        model = getattr(self.module, "Options", NoOptions)
        try:
            found: BaseModel = model.model_validate(options)
        except ValidationError as error:
            raise ValueError("; ".join(_mistakes(error, model))) from None
        return found

    def function(self, name: str) -> Callable[..., Any] | None:
        """A function of the file as plain Python."""
        return getattr(self.module, name, None)


@cache
def own_file(path: str, source: str) -> OwnFile:
    """The strategy in a source that was read from this path. Raises ValueError."""
    return OwnFile(path, source)


def read(path: Path) -> str:
    """The text of a Python file. Raises ValueError where there is none."""
    try:
        with tokenize.open(path) as file:  # as Python itself decodes it
            source = file.read(_LONGEST + 1)
    except OSError as error:
        raise ValueError(f"must name a file that can be read: {error.strerror}") from None
    except (SyntaxError, UnicodeDecodeError) as error:
        raise ValueError(f"must name a Python file: {_one_line(error)}") from None
    if len(source) > _LONGEST:
        raise ValueError(f"must name a file of at most {_LONGEST:,} characters")
    return source


def executed(name: str, source: str, path: str) -> ModuleType:
    """A module of that name, made by executing the source. Raises ValueError.

    It stands in the cache folder too, for numba keeps only what stands in a file.
    """
    place = cache_folder() / f"{name}.py"
    module = ModuleType(name)
    module.__file__ = str(place)
    try:
        code = compile(source, str(place), "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"must be Python: {_one_line(error)}") from None
    write_once(place, source)
    sys.modules[name] = module
    try:
        exec(code, vars(module))
    except (Exception, SystemExit) as error:
        raise ValueError(f"must be a strategy; {path} raised {told(error, module)}") from None
    return module


def functions(module: ModuleType) -> list[tuple[str, Callable[..., Any]]]:
    """The functions that stand in a module's file, as plain Python whatever decorates them."""
    found = []
    for name, value in vars(module).items():
        function = inspect.unwrap(value) if callable(value) else None
        function = inspect.unwrap(getattr(function, "py_func", function)) if function else None
        code = getattr(function, "__code__", None)
        if function is not None and code is not None and code.co_filename == module.__file__:
            found.append((name, function))
    return found


def told(error: BaseException, module: ModuleType) -> str:
    """What was raised, and in which line of the file, on one line."""
    lines, trace = [], error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == module.__file__:
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    text = f"{type(error).__name__}: {_one_line(error)}".removesuffix(": ")
    return f"{text} (line {lines[-1]})" if lines else text


def _one_line(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        line = f" (line {error.lineno})" if error.lineno else ""
        return f"{error.msg}{line}"
    words = " ".join(str(error).split())
    return words if len(words) <= 300 else f"{words[:297]}..."


def _check(module: ModuleType, path: str) -> None:
    """Raise ValueError unless the module is a strategy."""
    for name, wanted in ARGUMENTS.items():
        function = getattr(module, name, None)
        shown = f"{name}({', '.join(wanted)})"
        if function is None and name != "pick":
            continue
        if not inspect.isfunction(function):
            raise ValueError(f"must have a function {shown}; {path} has none")
        found = tuple(inspect.signature(function).parameters)
        if found != wanted:
            line = function.__code__.co_firstlineno
            raise ValueError(f"must have {shown}; {path} has {name}({', '.join(found)})"
                             f" (line {line})")  # fmt: skip
    options = getattr(module, "Options", None)
    if options is not None and not (isinstance(options, type) and issubclass(options, BaseModel)):
        raise ValueError(f"must have Options that is a pydantic model; in {path} it is none")


def _mistakes(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    known = ", ".join(field.alias or name for name, field in model.model_fields.items())
    for found in error.errors(include_url=False):
        path = ".".join(map(str, ("options", *found["loc"])))
        if found["type"] == "extra_forbidden":
            yield f"{path} is not an option; known: {known or 'none'}"
        else:
            yield f"{path}: {found['msg']}"
