"""The public names of the package: one list, complete, importable and documented."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import emu

SOURCE = ast.parse(Path(emu.__file__).read_text())


def imported_for_types():
    """What the package imports for type checkers: name by name, the module it comes from."""
    (block,) = (node for node in SOURCE.body if isinstance(node, ast.If))
    return {alias.name: node.module for node in block.body for alias in node.names}


def test_the_list_is_complete():
    """The list, what type checkers see, and what is imported at first use are the same names."""
    lazy = set(emu.__all__) - {"__version__"}
    assert imported_for_types() == emu._HOMES
    assert set(emu._HOMES) == lazy
    assert emu.__all__ == sorted(emu.__all__)
    assert dir(emu) == emu.__all__


@pytest.mark.parametrize("name", sorted(emu.__all__))
def test_each_name_is_there_and_documented(name):
    """Every name can be imported from the package; functions, classes and their members speak."""
    thing = getattr(emu, name)
    if name == "__version__":
        assert thing.count(".") == 2
        return
    assert not inspect.ismodule(thing)
    assert inspect.getdoc(thing)
    assert thing.__module__ == emu._HOMES[name] or thing.__module__.startswith("emu.scenario.")
    if inspect.isclass(thing):
        for member, value in vars(thing).items():
            if not member.startswith("_") and (inspect.isfunction(value) or is_property(value)):
                assert inspect.getdoc(value), f"{name}.{member}"


def is_property(value):
    """Whether it is read as an attribute."""
    return isinstance(value, property) or hasattr(value, "attrname")


@pytest.mark.parametrize("name", ["run", "compare", "load", "open_run", "trace"])
def test_functions_say_their_types_and_errors(name):
    """Every argument and result of a public function is annotated, and its errors are named."""
    function = getattr(emu, name)
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty
    assert "Raises " in inspect.getdoc(function)


def test_nothing_else_is_public():
    """An unknown name is an AttributeError, as of any module."""
    with pytest.raises(AttributeError, match="module 'emu' has no attribute 'sweep_all'"):
        emu.sweep_all  # noqa: B018


def test_importing_the_package_is_quick():
    """The compiler and Arrow are loaded when they are first needed, not by ``import emu``."""
    heavy = "numba", "numpy", "pyarrow", "pydantic", "simpy", "rich"
    code = f"import sys, emu; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
