"""Libraries that only some commands need: extras of the package."""

from importlib.util import find_spec

from emu.errors import EmuError


def need(command: str, extra: str, *modules: str) -> None:
    """Raise EmuError with the way to install them where one of the modules is not there."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise EmuError(f"{command} needs {', '.join(missing)}: pip install 'emu[{extra}]'")
