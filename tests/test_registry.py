"""A folder of variants: found by being there, chosen by name, and read back as written."""

import sys
from importlib import import_module

import pydantic
import pytest

from emu.errors import UnknownNameError
from emu.registry import Choice, OptionsModel, Registry, choice

VARIANT = '''
from emu.registry import OptionsModel


class Options(OptionsModel):
    """Options."""

    ball_speed: int{default}
    """How fast."""
'''


@pytest.fixture
def games(tmp_path, monkeypatch):
    """A registry of two games: chess, whose options have defaults, and tennis, whose have not."""
    folder = tmp_path / "games_for_test"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "_shared.py").touch()
    (folder / "tennis.py").write_text(VARIANT.format(default=""))
    (folder / "chess.py").write_text(VARIANT.format(default=" = 0"))
    monkeypatch.syspath_prepend(tmp_path)
    yield Registry(import_module("games_for_test"), "game")
    for name in [name for name in sys.modules if name.startswith("games_for_test")]:
        del sys.modules[name]


def test_a_file_in_the_folder_is_the_registration(games):
    """The names are those of the files, sorted; a private file is none."""
    assert list(games) == ["chess", "tennis"]
    assert (len(games), "chess" in games, "_shared" in games) == (2, True, False)
    assert [games.number(name) for name in games] == [0, 1]


def test_one_may_be_left_out(games):
    """A registry of the others knows nothing of it, and numbers them without it."""
    others = Registry(import_module("games_for_test"), "other game", but="chess")
    assert (list(others), others.number("tennis")) == (["tennis"], 0)
    with pytest.raises(UnknownNameError, match="unknown other game 'chess'; known: tennis"):
        others["chess"]


def test_an_unknown_name_is_refused_with_the_known_ones(games):
    """Asking for a name that no file has lists those that have one."""
    with pytest.raises(UnknownNameError, match="unknown game 'golf'; known: chess, tennis"):
        games["golf"]


def test_chosen_validates(games):
    """A variant is chosen in code as in a scenario's text."""
    assert games.chosen("tennis", ballSpeed=3).options.ball_speed == 3
    with pytest.raises(pydantic.ValidationError):
        games.chosen("tennis")


@pytest.mark.parametrize(
    ("written", "name", "speed"),
    [
        ("chess", "chess", 0),
        ({"chess": None}, "chess", 0),
        ({"chess": {}}, "chess", 0),
        ({"tennis": {"ballSpeed": 3}}, "tennis", 3),
        (7, "tennis", 7),
    ],
)
def test_ways_to_write_a_choice(games, written, name, speed):
    """A name alone, a name with options, and the shorthand are read into a choice."""
    reader = pydantic.TypeAdapter(
        choice(games, shorthand=lambda value: {"tennis": {"ballSpeed": value}}, shorthand_type=int)
    )
    read = reader.validate_python(written)
    assert isinstance(read, Choice)
    assert (read.name, read.options.ball_speed) == (name, speed)
    assert reader.dump_python(read) == {name: {"ballSpeed": speed}}
    assert reader.validate_python(reader.dump_python(read)) == read
    assert reader.validate_python(read) == read


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("golf", "unknown game 'golf'; known: chess, tennis"),
        ({"golf": {}}, "unknown game 'golf'; known: chess, tennis"),
        ("{0}", "unknown game '{0}'; known: chess, tennis"),
        ({"chess": {}, "tennis": {}}, "must be one game and its options"),
        ({}, "must be one game and its options"),
        (7, "must be one game and its options"),
        (None, "must be one game and its options"),
        ("tennis", "Field required"),
        ({"tennis": {"ballSpeed": 1, "net": 2}}, "Extra inputs"),
    ],
)
def test_what_is_no_choice_is_refused(games, written, rule):
    """Each mistake is refused with its rule, where it stands."""
    with pytest.raises(pydantic.ValidationError) as refused:
        pydantic.TypeAdapter(choice(games)).validate_python(written)
    assert rule in str(refused.value)


def test_blocks_are_camel_case_frozen_and_closed():
    """A block is written in camelCase, may be made by Python's names, and cannot be changed."""

    class Block(OptionsModel):
        """A block."""

        two_words: int = 1

    assert Block(two_words=2) == Block.model_validate({"twoWords": 2})
    assert Block().model_dump() == {"twoWords": 1}
    with pytest.raises(pydantic.ValidationError):
        Block().two_words = 3
    with pytest.raises(pydantic.ValidationError):
        Block.model_validate({"threeWords": 3})
