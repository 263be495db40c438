"""A hint to the processor, for kernels: what memory will soon be wanted."""

from typing import Any

import numba
from llvmlite import ir
from numba.extending import intrinsic
from numpy.typing import NDArray


def prefetch(array: NDArray[Any], index: int) -> None:
    """Ask the processor to bring ``array[index]`` into its cache, for soon it will be wanted."""


@intrinsic  # type: ignore[untyped-decorator]
def _prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        first = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        item = context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype))
        int32 = ir.IntType(32)
        fetch = builder.module.declare_intrinsic(
            "llvm.prefetch", [first.type],
            ir.FunctionType(ir.VoidType(), [first.type, int32, int32, int32]),
        )  # fmt: skip
        for offset in range(0, item, 64):
            place = builder.gep(first, [ir.IntType(64)(offset)])
            builder.call(fetch, [place, int32(1), int32(3), int32(1)])
        return context.get_dummy_value()

    return numba.void(array, numba.intp), generate


if not numba.config.DISABLE_JIT:
    prefetch = _prefetch
