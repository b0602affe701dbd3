"""Configuration: where it is found, what it refuses, and in which words."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from lrdoctor import config
from lrdoctor.config import Config, find_rules, from_mapping, load
from lrdoctor.errors import ConfigError
from lrdoctor.records import Role


@dataclass(frozen=True)
class Settings:
    share: float = 0.5
    count: int = 3

    def __post_init__(self):
        if not 0 <= self.share <= 1:
            raise ValueError("share is a share")


RULES = [
    SimpleNamespace(code="OSC101", name="sustained-oscillation", settings=Settings()),
    SimpleNamespace(code="OSC102", name="late-oscillation", settings=Settings()),
    SimpleNamespace(code="NAN101", name="nonfinite-loss", settings=Settings()),
]


@pytest.mark.parametrize(
    ("select", "ignore", "wanted"),
    [
        ((), (), ["OSC101", "OSC102", "NAN101"]),
        (("OSC",), (), ["OSC101", "OSC102"]),
        (("osc101",), (), ["OSC101"]),
        (("nonfinite-loss",), (), ["NAN101"]),
        ((), ("OSC",), ["NAN101"]),
        ((), ("ALL",), []),
        (("OSC101",), ("OSC",), ["OSC101"]),  # the more specific entry wins
        (("OSC",), ("OSC101",), ["OSC102"]),
        (("OSC",), ("OSC",), []),  # and `ignore` wins a tie
        (("ALL",), ("NAN101",), ["OSC101", "OSC102"]),
        (("",), (), []),
    ],
)
def test_select_and_ignore(select, ignore, wanted):
    chosen = Config(select=select, ignore=ignore)
    assert [rule.code for rule in RULES if chosen.wants(rule.code, rule.name)] == wanted


def test_find_rules_by_code_prefix_name():
    assert [rule.code for rule in find_rules(RULES, "osc")] == ["OSC101", "OSC102"]
    assert [rule.code for rule in find_rules(RULES, "Nonfinite-Loss")] == ["NAN101"]
    assert find_rules(RULES, "XYZ") == []


def test_choice_on_top_of_a_file():
    settled = Config(select=("OSC",), ignore=("OSC101",))
    assert settled.selecting((), ("NAN",)) == Config(select=("OSC",), ignore=("OSC101", "NAN"))
    assert settled.selecting(("NAN",), ()) == Config(select=("NAN",), ignore=("OSC101",))


def test_apply_gives_the_rules_to_run_and_leaves_the_registered_ones_alone():
    chosen = from_mapping({"select": ["OSC"], "rules": {"OSC101": {"share": 0.9}}}).apply(RULES)
    assert [rule.code for rule in chosen] == ["OSC101", "OSC102"]
    assert chosen[0].settings == Settings(share=0.9)
    assert RULES[0].settings == Settings()
    assert chosen[1] is RULES[1]
    with pytest.raises(ConfigError, match="no rule matches 'XXX'"):
        Config(select=("XXX",)).apply(RULES)


def test_settings_are_changed_by_code_and_by_name():
    chosen = from_mapping({"rules": {"OSC101": {"share": 1}, "late-oscillation": {"count": 5}}})
    assert chosen.settings(RULES[0]) == Settings(share=1.0)
    assert isinstance(chosen.settings(RULES[0]).share, float)
    assert chosen.settings(RULES[1]) == Settings(count=5)
    assert chosen.settings(RULES[2]) is RULES[2].settings
    chosen.check(RULES)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"rules": {"OSC101": {"shar": 1}}},
            r"rules\.OSC101: unknown setting 'shar'; did you mean 'share'\?",
        ),
        ({"rules": {"OSC101": {"share": "much"}}}, r"rules\.OSC101\.share: Expected `float`, got `str`"),
        ({"rules": {"OSC101": {"share": 2.0}}}, r"rules\.OSC101: share is a share"),
        ({"rules": {"OCS101": {}}}, r"there is no rule 'OCS101'; did you mean"),
        ({"select": ["OCS"]}, r"select: no rule matches 'OCS'"),
        ({"ignore": ["nonfinite-los"]}, r"ignore: .*did you mean 'nonfinite-loss'"),
    ],
)
def test_check_refuses_what_no_rule_has(table, message):
    with pytest.raises(ConfigError, match=message):
        from_mapping(table).check(RULES)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"selekt": []}, r"here: unknown key 'selekt'; did you mean 'select'\?"),
        ({"colour": 1}, r"unknown key 'colour'; known keys are select, ignore, roles, rules, fail_on"),
        ({"select": "OSC"}, r"select"),
        ({"fail_on": "fatal"}, r"fatal"),
        ({"roles": {"loss": "train_los"}}, r"here: unknown role 'train_los': did you mean 'train_loss'"),
        ({"roles": {"loss": "xx"}}, r"unknown role 'xx'"),
        ({"rules": {"OSC101": 3}}, r"rules"),
        (3, r"not a table"),
    ],
)  # fmt: skip
def test_wrong_configuration_is_refused_by_name(table, message):
    with pytest.raises(ConfigError, match=message):
        from_mapping(table, "here")


def test_keys_may_be_written_with_dashes():
    assert from_mapping({"fail-on": "error"}).fail_on == "error"
    assert from_mapping({"roles": {"crit": "Train-Loss"}}).roles == {"crit": Role.TRAIN_LOSS}


def test_nearest_file_wins(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.lrdoctor]\nselect = ["NAN"]\n')
    assert load(start=inner).select == ("NAN",)
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.ruff]\n# lrdoctor is not configured here\n")
    assert load(start=inner).select == ("NAN",)
    (tmp_path / "a" / "lrdoctor.toml").write_text('select = ["OSC"]\n')
    assert load(start=inner).select == ("OSC",)


def test_a_stranger_s_broken_pyproject_stops_nobody(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.other\n")
    assert load(start=tmp_path) == Config()
    (tmp_path / "pyproject.toml").write_text("[tool.lrdoctor\n")
    with pytest.raises(ConfigError, match=r"pyproject\.toml: not valid TOML"):
        load(start=tmp_path)


@pytest.mark.parametrize("name", ["mine.toml", "pyproject.toml"])
def test_explicit_file(tmp_path, name):
    path = tmp_path / name
    path.write_text('[tool.lrdoctor]\nselect = ["OSC"]\n')
    assert load(path).select == ("OSC",)


def test_explicit_file_that_cannot_be_used(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml: No such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(tmp_path / "bad.toml")
    with pytest.raises(ConfigError, match="Is a directory"):
        load(tmp_path)


def test_suggestion_keeps_quiet_when_nothing_is_close():
    assert config.suggestion("zzz", ["select"]) == ""
