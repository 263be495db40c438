"""The rule that a value breaks, in plain words, out of what pydantic says."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from emu.errors import Mistake
from emu.scenario.place import Place
from emu.scenario.text import listed

Model = TypeVar("Model", bound=BaseModel)

_RULES: Final[dict[str, str]] = {
    "missing": "is required",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "int_parsing_size": "must be an integer of 64 bits",
    "int_from_float": "must be an integer",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "string_type": "must be a string",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "ip_v4_address": "must be an IPv4 address",
    "literal_error": "must be {expected}",
    "value_error": "{error}",
}

_TYPE_RULES: Final = {rule for kind, rule in _RULES.items() if kind.endswith("_type")}


def validated(model: type[Model], place: Place, mistakes: list[Mistake]) -> Model | None:
    """The place's value as the model; None where it is wrong, with every mistake appended.

    The files that it names are looked for from the place's own file on.
    """
    context = {"folder": Path(place.file).parent}
    try:
        return model.model_validate(place.value, by_alias=True, by_name=False, context=context)
    except ValidationError as error:
        mistakes.extend(_mistakes(model, place, error.errors(include_url=False)))
        return None


def _mistakes(
    model: type[BaseModel], place: Place, errors: Sequence[ErrorDetails]
) -> list[Mistake]:
    found: dict[str, Mistake] = {}
    for error in sorted(filter(_stands_alone(errors), errors), key=_is_of_another_type):
        mistake = _mistake(model, place, error)
        other = found.setdefault(mistake.path, mistake)
        rules = {other.rule, mistake.rule}
        if len(rules) == 2 and rules <= _TYPE_RULES:  # no alternative of a union fits
            either = f"{other.rule} or {mistake.rule.removeprefix('must be ')}"
            found[mistake.path] = other._replace(rule=either)
    return list(found.values())


def _stands_alone(errors: Sequence[ErrorDetails]) -> Callable[[ErrorDetails], bool]:
    """Whether an error is none of a list that is too short only without its mistaken items."""
    holders = {error["loc"][:depth] for error in errors for depth in range(len(error["loc"]))}
    return lambda error: error["type"] != "too_short" or error["loc"] not in holders


def _is_of_another_type(error: ErrorDetails) -> bool:
    """Whether it is about the type: in a union, what the fitting alternative says counts."""
    return error["type"].endswith("_type")


def _mistake(model: type[BaseModel], place: Place, error: ErrorDetails) -> Mistake:
    path = error["loc"]
    if error["type"] == "extra_forbidden":
        return place.missing(path, _unknown_field(model, path))
    if error["type"] == "missing":
        return place.missing(path, "is required")
    if path and path[-1] == "[key]":  # so does pydantic mark a mistake in a key
        return place.missing(path[:-1], _rule(error))
    return place.mistake(path, _rule(error))


def _rule(error: ErrorDetails) -> str:
    template = _RULES.get(error["type"])
    if template is None:
        return error["msg"]
    return template.format_map(error.get("ctx", {})).replace("at least 1 items", "at least 1 item")


def _unknown_field(model: type[BaseModel], path: Sequence[str | int]) -> str:
    return f"is not a field here; known: {listed(str(path[-1]), _fields_at(model, path[:-1]))}"


def _fields_at(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The names of the fields of the block at a path."""
    for part in path:
        field = _aliases(model).get(str(part))
        if field is not None:
            model = _model_in(model.model_fields[field].annotation) or model
    return list(_aliases(model))


def _aliases(model: type[BaseModel]) -> dict[str, str]:
    return {field.alias or name: name for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The block in an annotation such as ``tuple[Client, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
