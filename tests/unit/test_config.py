"""Settings: what they default to, what is refused and in which words."""

from pathlib import Path

import pytest

from service.config import SETTINGS, Config, ConfigError, is_loopback


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)


def test_without_any_variable_the_service_is_local_and_embedded():
    config = Config.from_env()

    assert (config.host, config.port) == ("127.0.0.1", 8080)
    assert config.database_url is None
    assert config.data_dir == Path(".data")
    assert (config.workers, config.threads, config.connections) == (2, 8, 18)
    assert (config.max_write_bytes, config.max_body_bytes) == (256 * 2**20, 4 * 2**20)
    config.check_exposure()


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", " 9000 ")
    monkeypatch.setenv("VECTABLE_API_KEYS", "one, two,")
    monkeypatch.setenv("VECTABLE_POOL_TIMEOUT", "0.5")
    monkeypatch.setenv("VECTABLE_LOG_LEVEL", "DEBUG")

    config = Config.from_env()

    assert config.port == 9000
    assert config.api_keys == ("one", "two")
    assert config.pool_timeout == 0.5
    assert config.log_level == "debug"


def test_an_override_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", "9000")

    assert Config.from_env(port=9001).port == 9001
    assert Config.from_env(port=None).port == 9000


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch):
    for setting in SETTINGS:
        monkeypatch.setenv(setting.variable, "")

    assert Config.from_env().port == 8080


def test_maintenance_goes_to_the_same_database_unless_told_otherwise():
    plain = Config.from_env(database_url="postgres://a/b")
    both = Config.from_env(database_url="postgres://a/b", maintenance_database_url="postgres://c/d")

    assert plain.maintenance_database_url == "postgres://a/b"
    assert both.maintenance_database_url == "postgres://c/d"


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("PORT", "65536", "a port from 0 to 65535"),
        ("PORT", "http", "a port from 0 to 65535"),
        ("PORT", "-1", "a port from 0 to 65535"),
        ("PORT", "٣", "a port from 0 to 65535"),
        ("HOST", "not a host", "a host name or address"),
        ("WEB_CONCURRENCY", "0", "a whole number from 1 to 256"),
        ("VECTABLE_THREADS", "8.5", "a whole number from 1 to 256"),
        ("VECTABLE_POOL_TIMEOUT", "nan", "a number of seconds"),
        ("VECTABLE_POOL_TIMEOUT", "0", "a number of seconds"),
        ("VECTABLE_STATEMENT_TIMEOUT", "1e999", "a number of seconds"),
        ("VECTABLE_MAX_WRITE_BYTES", "1GB", "a whole number of bytes"),
        ("VECTABLE_MAX_BODY_BYTES", "10", "a whole number of bytes"),
        ("VECTABLE_SCHEMA", "Books", "a lower-case name"),
        ("VECTABLE_SCHEMA", "a" * 42, "a lower-case name"),
        ("VECTABLE_SCHEMA", 'a"b', "a lower-case name"),
        ("VECTABLE_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_variable_value_and_expectation(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
):
    monkeypatch.setenv(variable, value)

    with pytest.raises(ConfigError) as error:
        Config.from_env()

    assert error.value.message.startswith(f"{variable} must be {expected}")
    assert repr(value) in error.value.message
    assert "\n" not in error.value.message


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://me:hunter2@host/db"),
        ("MAINTENANCE_DATABASE_URL", "hunter2"),
        ("VECTABLE_API_KEYS", "hunter2 with spaces"),
        ("VECTABLE_API_KEYS", "hunter2,schlüssel"),
    ],
)
def test_a_wrong_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch, variable: str, value: str):
    monkeypatch.setenv(variable, value)

    with pytest.raises(ConfigError, match=f"^{variable} must be") as error:
        Config.from_env()

    assert "hunter2" not in error.value.message


def test_a_list_of_keys_without_a_key_is_not_taken_for_no_keys(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VECTABLE_API_KEYS", " , ")

    with pytest.raises(ConfigError, match="VECTABLE_API_KEYS"):
        Config.from_env()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST.", "a.localhost", "::1", "[::1]"]
)
def test_these_are_loopback(host: str):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "example.org", "fe80::1%eth0", ""],
)
def test_these_are_not_loopback(host: str):
    assert not is_loopback(host)


def test_outside_loopback_the_server_wants_keys():
    with pytest.raises(ConfigError, match=r"VECTABLE_API_KEYS.*'0\.0\.0\.0'"):
        Config.from_env(host="0.0.0.0").check_exposure()

    Config.from_env(host="0.0.0.0", api_keys="secret").check_exposure()


def test_a_child_process_comes_to_the_same_configuration(monkeypatch: pytest.MonkeyPatch):
    config = Config.from_env(database_url="postgres://a/b", api_keys="one,two", port=1234)

    for variable, value in config.child_environment().items():
        monkeypatch.setenv(variable, value)

    assert Config.from_env() == config
