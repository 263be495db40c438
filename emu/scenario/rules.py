"""The rule that a value breaks, in plain words, out of what pydantic says."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from emu.errors import Mistake
from emu.scenario.place import Place

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


def validated(model: type[Model], place: Place, mistakes: list[Mistake]) -> Model | None:
    """The place's value as the model; None where it is wrong, with every mistake appended."""
    try:
        return model.model_validate(place.value, by_alias=True, by_name=False)
    except ValidationError as error:
        mistakes.extend(_mistakes(model, place, error.errors(include_url=False)))
        return None


def _mistakes(
    model: type[BaseModel], place: Place, errors: Sequence[ErrorDetails]
) -> list[Mistake]:
    found: dict[str, Mistake] = {}
    for error in errors:
        path = error["loc"]
        if error["type"] == "extra_forbidden":
            mistake = place.missing(path, _unknown_field(model, path))
        elif error["type"] == "missing":
            mistake = place.missing(path, "is required")
        else:
            mistake = place.mistake(path, _rule(error))
        other = found.get(mistake.path)
        if other is not None and other.rule != mistake.rule:  # the alternatives of a union
            either = f"{other.rule} or {mistake.rule.removeprefix('must be ')}"
            mistake = mistake._replace(rule=either)
        found[mistake.path] = mistake
    return list(found.values())


def _rule(error: ErrorDetails) -> str:
    template = _RULES.get(error["type"])
    if template is None:
        return error["msg"]
    return template.format_map(error.get("ctx", {})).replace("at least 1 items", "at least 1 item")


def _unknown_field(model: type[BaseModel], path: Sequence[str | int]) -> str:
    known = _fields_at(model, path[:-1])
    near = get_close_matches(str(path[-1]), known, n=3)
    ordered = [*near, *(name for name in known if name not in near)]
    return f"is not a field here; known: {', '.join(ordered)}"


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
