"""Named tuples of arrays that kernels hand over by reference.

Numba hands over a tuple as all its words, seven for each array, and loads and stores them all
wherever one field is read. For a state of dozens of arrays the compiler then takes minutes. A
class marked `by_reference` is one address instead, and a field is read where it stands.
"""

import hashlib
from typing import Any, TypeVar

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.extending import (
    NativeValue,
    lower_builtin,
    lower_getattr_generic,
    register_model,
    typeof_impl,
    unbox,
)

Class = TypeVar("Class", bound=type)


def by_reference(named_tuple: Class) -> Class:
    """Let kernels take a named tuple of this class as the address of its fields.

    Kernels read the fields, unpack them, and hand the whole on, as with any named tuple; they
    neither make one nor return one. What the fields are stays the same during a call; what stands
    in their arrays may change. A field may itself be of such a class.
    """
    typeof_impl.register(named_tuple, _type_of)
    return named_tuple


class Reference(types.NamedTuple):  # type: ignore[misc, name-defined]
    """The type of a named tuple that is handed over by reference."""

    @property
    def mangling_args(self) -> tuple[str, tuple[()]]:
        """Short, for it is part of many names: a digest, the same in every process."""
        digest = hashlib.sha256(self.name.encode()).hexdigest()[:16]
        return f"{self.instance_class.__name__}_{digest}", ()


def _type_of(value: Any, context: Any) -> Reference:
    return Reference([typeof_impl(field, context) for field in value], type(value))


@register_model(Reference)
class _Address(models.PrimitiveModel):  # type: ignore[misc]
    """The address of the fields; those that are references themselves stand among the others."""

    def __init__(self, manager: Any, kind: Reference) -> None:
        super().__init__(manager, kind, _fields(manager, kind).as_pointer())


def _fields(manager: Any, kind: types.Type) -> ir.Type:
    """What stands in memory for a value of this type."""
    if isinstance(kind, Reference):
        return ir.LiteralStructType([_fields(manager, field) for field in kind.types])
    return manager[kind].get_value_type()


@unbox(Reference)  # type: ignore[untyped-decorator]
def _unbox(kind: Reference, value: Any, c: Any) -> NativeValue:
    """The fields, in memory of the caller's."""
    failed = cgutils.alloca_once_value(c.builder, cgutils.false_bit)
    address = cgutils.alloca_once(c.builder, _fields(c.context.data_model_manager, kind))
    _store(kind, value, address, failed, c)
    return NativeValue(_opaque(c.builder, address), is_error=c.builder.load(failed))


def _opaque(builder: Any, address: Any) -> Any:
    """The same address, of which the compiler no longer knows that it was ever written to.

    Fields are loaded as what never changes, so they must not be loaded before they are stored. An
    atomic access is the one that the compiler leaves as it is.
    """
    word = ir.IntType(64)
    place = cgutils.alloca_once(builder, word)
    builder.store_atomic(builder.ptrtoint(address, word), place, "monotonic", 8)
    return builder.inttoptr(builder.load_atomic(place, "monotonic", 8), address.type)


def _store(kind: Reference, value: Any, address: Any, failed: Any, c: Any) -> None:
    """Write the fields of a Python named tuple to an address."""
    for number, field in enumerate(kind.types):
        item = c.pyapi.tuple_getitem(value, number)
        place = cgutils.gep_inbounds(c.builder, address, 0, number)
        if isinstance(field, Reference):
            _store(field, item, place, failed, c)
            continue
        native = c.unbox(field, item)
        assert native.cleanup is None, f"{field} has something to be cleaned up"
        c.builder.store(native.value, place)
        with c.builder.if_then(native.is_error, likely=False):
            c.builder.store(cgutils.true_bit, failed)


@lower_getattr_generic(Reference)  # type: ignore[untyped-decorator]
def _attribute(context: Any, builder: Any, kind: Reference, address: Any, name: str) -> Any:
    return _field(context, builder, kind, address, kind.fields.index(name))


@lower_builtin("static_getitem", Reference, types.IntegerLiteral)  # type: ignore[untyped-decorator]
def _item(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    address, number = arguments
    return _field(context, builder, signature.args[0], address, number)


def _field(context: Any, builder: Any, kind: Reference, address: Any, number: int) -> Any:
    """One field, word by word."""
    place = cgutils.gep_inbounds(builder, address, 0, number)
    return place if isinstance(kind.types[number], Reference) else _loaded(builder, place)


def _loaded(builder: Any, place: Any) -> Any:
    """What stands there, loaded word by word: what is not used falls away at once."""
    kind = place.type.pointee
    if isinstance(kind, ir.LiteralStructType | ir.ArrayType):
        value = ir.Constant(kind, ir.Undefined)
        for number in range(len(kind)):
            word = _loaded(builder, cgutils.gep_inbounds(builder, place, 0, number))
            value = builder.insert_value(value, word, number)
        return value
    word = builder.load(place)
    word.set_metadata("invariant.load", builder.module.add_metadata([]))
    return word
