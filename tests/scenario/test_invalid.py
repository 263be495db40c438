"""Every file in ``invalid/`` is refused with the messages that its first lines announce."""

from pathlib import Path

import pytest

from emu.errors import ScenarioError
from emu.scenario import load

FOLDER = Path(__file__).with_name("invalid")
FILES = sorted(FOLDER.glob("*.yaml"))
EXPECT = b"# expect: "


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_bad_scenario_is_refused_with_its_messages(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All mistakes are reported at once, with file, line, path, value and rule, and no others."""
    monkeypatch.chdir(FOLDER)
    lines = file.read_bytes().splitlines()
    expected = [line.removeprefix(EXPECT).decode() for line in lines if line.startswith(EXPECT)]
    with pytest.raises(ScenarioError) as refusal:
        load(file.name)
    assert str(refusal.value).split("\n") == expected
    assert expected
    for message in expected:
        assert message.isprintable()


def test_there_are_enough_bad_scenarios() -> None:
    """The folder was found, and nobody emptied it."""
    assert len(FILES) >= 40
