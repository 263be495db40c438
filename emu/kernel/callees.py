"""The two forms of a kernel: machine code for Python, and a part of the kernels that call it.

Numba makes machine code of every function that another one calls, with all that it calls in turn,
optimised anew each time. Here a callee is typed and lowered alone. What Python calls is then made
with all its callees at once, and each of them is optimised once.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

import llvmlite.binding
import numba
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder, PassManager
from numba.core.compiler_machinery import register_pass
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import NativeLowering

from emu.kernel.loading import Cache

_COLD: Final[set[Callable[..., Any]]] = set()
"""The functions that are never compiled into their callers."""

_INLINED: Final = 4000
"""How large a callee may be, in LLVM's units, to be compiled into its callers; its own is 225."""


def keep_apart(function: Callable[..., Any]) -> None:
    """Never compile a kernel into its callers, but let them call it."""
    _COLD.add(function)


class Kernel(CPUDispatcher):  # type: ignore[misc]
    """A function that is compiled, and kept in the cache, when Python first calls it."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        options = {"nopython": True, **options}
        super().__init__(function, targetoptions=options, pipeline_class=_WholePipeline)
        self._cache = Cache(function)

    @property
    def _numba_type_(self) -> numba.types.Type:
        """What the compiler takes it for, where a kernel calls it."""
        return numba.types.Dispatcher(self._callee)

    @cached_property
    def _callee(self) -> "_Callee":
        options = self.targetoptions | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        return _Callee(self.py_func, targetoptions=options, pipeline_class=_CalleePipeline)


class _Callee(CPUDispatcher):  # type: ignore[misc]
    """The same function for its callers. Python never calls it."""

    def get_call_template(self, args: tuple[Any, ...], kws: dict[str, Any]) -> Any:
        """Compiled once for all integers, and not anew for every constant argument.

        Numba types a constant as itself. What is compiled into its callers is folded all the same.
        """
        return super().get_call_template(tuple(map(_widened, args)), kws)

    def add_overload(self, result: Any) -> None:
        """Another version, without a place where Python would find it."""
        self.overloads[tuple(result.signature.args)] = result


def _widened(argument: Any) -> Any:
    if isinstance(argument, numba.types.Integer) and argument.signed:
        return numba.int64
    return argument


class _Lowered(JITCodeLibrary):  # type: ignore[misc]
    """A callee as it was lowered, to be linked into those that call it; ``cold`` is the name of one
    that they are to call."""

    cold = ""

    def _ensure_finalized(self) -> None:
        """Leave it as it is: nothing is to be called in here."""

    def _get_module_for_linking(self) -> Any:
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage.name == "external":
                function.linkage = "linkonce_odr"
            if function.name == self.cold:
                function.add_function_attribute("noinline")
                function.add_function_attribute("cold")
        return self._final_module


class _Whole(JITCodeLibrary):  # type: ignore[misc]
    """A function with all its callees, which nobody else will call."""

    def _optimize_final_module(self) -> None:
        """Once, and what has a single caller becomes a part of it.

        A callee may be changed for the calls that there are, so no other code may ever find it. The
        linker at run time finds internal functions too; those that are private have no names.
        """
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage.name == "linkonce_odr":
                function.linkage = "private"
        options = llvmlite.binding.create_pipeline_tuning_options(speed_level=3)
        options.inlining_threshold = _INLINED
        options.loop_vectorization = options.slp_vectorization = False
        builder = llvmlite.binding.create_pass_builder(self._codegen._tm, options)
        builder.getModulePassManager().run(self._final_module, builder)


@register_pass(mutates_CFG=True, analysis_only=False)
class _CalleeLowering(NativeLowering):  # type: ignore[misc]
    """Lower the function, and tell its callers what to link."""

    _name = "emu_callee_lowering"

    def run_pass(self, state: Any) -> bool:
        library = _Lowered(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library, state.flags.no_compile = library, True
        super().run_pass(state)
        result = state["cr"]
        state["cr"] = result._replace(cfunc=library)
        if state.func_id.func in _COLD:
            library.cold = result.fndesc.llvm_func_name
        needed = dict.fromkeys([library, *library._linking_libraries])
        state.targetctx.insert_user_function(library, result.fndesc, list(needed))
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class _WholeLowering(NativeLowering):  # type: ignore[misc]
    """Lower the function, and make machine code of it."""

    _name = "emu_whole_lowering"

    def run_pass(self, state: Any) -> bool:
        state.library = _Whole(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return bool(super().run_pass(state))


class _Pipeline(CompilerBase):  # type: ignore[misc]
    """Numba's own steps but for the last."""

    lowering: type[NativeLowering]

    def define_pipelines(self) -> list[PassManager]:
        steps = DefaultPassBuilder.define_nopython_pipeline(self.state)
        steps.add_pass_after(self.lowering, NativeLowering)
        steps.passes = [step for step in steps.passes if step[0] is not NativeLowering]
        steps.finalize()
        return [steps]


class _CalleePipeline(_Pipeline):
    """To a part of its callers."""

    lowering = _CalleeLowering


class _WholePipeline(_Pipeline):
    """To machine code."""

    lowering = _WholeLowering
