"""If these fail, people set something and something else happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.settings import Settings, SettingsError, load


def test_without_anything_set_the_call_is_for_this_machine_only() -> None:
    assert load({}, {}).host == "127.0.0.1"


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('port = 1\nsessions = 7\nvoice = "file"')
    found = load({"config": str(file), "port": "3"}, {"COLLOQUY_PORT": "2", "COLLOQUY_SESSIONS": "8"})
    assert (found.port, found.sessions, found.voice) == (3, 8, "file")


def test_lists_come_from_commas_in_the_environment() -> None:
    found = load({}, {"COLLOQUY_ALLOWED_ORIGINS": "https://a.example,https://b.example"})
    assert found.allowed_origins == ["https://a.example", "https://b.example"]


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"COLLOQUY_PORT": "eighty"}, "port = 'eighty' (from COLLOQUY_PORT)"),
        ({"COLLOQUY_PORT": "70000"}, "port"),
        ({"COLLOQUY_LOG_LEVEL": "loud"}, "log_level"),
        ({"COLLOQUY_HOST": "0.0.0.0"}, "COLLOQUY_API_KEY"),
        ({"COLLOQUY_CONFIG": "nowhere.toml"}, "nowhere.toml"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_where_it_came_from(
    environment: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(named)):
        load({}, environment)


def test_a_misspelt_setting_in_the_file_is_refused_and_the_right_names_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text("prot = 9000")
    with pytest.raises(SettingsError, match=r"prot .* is no setting; there are: .*port"):
        load({"config": str(file)}, {})


def test_others_may_call_only_with_a_key() -> None:
    assert load({}, {"COLLOQUY_HOST": "0.0.0.0", "COLLOQUY_API_KEY": "k"}) == Settings(host="0.0.0.0", api_key="k")
