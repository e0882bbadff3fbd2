"""The administrator's password: the policy, what is kept of it, and the pauses after failures."""

import pytest

from service.core.errors import InvalidRequest, TooManyRequests
from service.dialects.vectorai import passwords
from service.dialects.vectorai.attempts import FREE, REMEMBERED, Attempts

SHORT = "Password must be at least 12 characters long"
SIMPLE = "Password must include uppercase, lowercase, digit, and special characters"
REFUSED = [
    ("", "Missing required field: password"),
    (" \t\r\n\v\f", "Missing required field: password"),
    ("admin", "Password must not match the username"),
    (" AdMiN\n", "Password must not match the username"),
    ("Short1!", SHORT),
    ("Elevenchr1!", SHORT),
    ("   Elevenchr1!   ", SHORT),
    ("alllowercase1!", SIMPLE),
    ("ALLUPPERCASE1!", SIMPLE),
    ("NoDigitsHere!!", SIMPLE),
    ("NoSpecials1234", SIMPLE),
    # not ASCII: neither an upper-case letter nor a special character
    ("äöüÄÖÜ123456abc!", SIMPLE),
    ("Passwort1234§§§§", SIMPLE),
    ("Aa1!" * 1025, "Password must be at most 4096 bytes long"),
]


@pytest.mark.parametrize(("password", "message"), REFUSED)
def test_the_policy_refuses(password: str, message: str):
    with pytest.raises(InvalidRequest) as error:
        passwords.check_policy("password", password)

    assert error.value.message == message


@pytest.mark.parametrize(
    "password", ["MySecurePwd!1", "Twelvechars1!"[:12] + "!", "  MySecurePwd!1  ", "ääääaA1!ää"]
)
def test_the_policy_takes(password: str):
    passwords.check_policy("password", password)


def test_the_field_is_named_that_is_missing():
    with pytest.raises(InvalidRequest, match="Missing required field: new_password"):
        passwords.check_policy("new_password", "")


def test_what_is_kept_fits_only_the_very_same_password():
    kept = passwords.hashed(" MySecurePwd!1")

    assert kept.startswith("$argon2id$")
    assert kept != passwords.hashed(" MySecurePwd!1")
    assert passwords.fits(kept, " MySecurePwd!1")
    for other in ("MySecurePwd!1", " MySecurePwd!1 ", " mysecurepwd!1", "", "x" * 5000):
        assert not passwords.fits(kept, other)


def test_a_hash_that_is_none_fits_nothing():
    assert not passwords.fits("not a hash", "MySecurePwd!1")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    return Attempts(clock)


def pause(attempts: Attempts, address: str = "here") -> int:
    """Seconds that the next attempt has to wait."""
    with pytest.raises(TooManyRequests) as error:
        attempts.begin(address)
    return error.value.retry_after


def test_after_five_failures_the_pauses_grow(attempts: Attempts, clock: Clock):
    for _ in range(FREE):
        attempts.begin("here")

    pauses: list[int] = []
    for _ in range(9):
        pauses.append(pause(attempts))
        clock.now += pauses[-1]
        attempts.begin("here")

    assert pauses == [10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_refused_attempts_do_not_make_the_pause_longer(attempts: Attempts, clock: Clock):
    for _ in range(FREE):
        attempts.begin("here")
    for _ in range(50):
        assert pause(attempts) == 10

    clock.now += 9.5

    assert pause(attempts) == 1


def test_success_forgets_the_failures(attempts: Attempts):
    for _ in range(3):
        for _ in range(FREE - 1):
            attempts.begin("here")
        attempts.succeed("here")


def test_one_address_does_not_lock_another_out(attempts: Attempts):
    for _ in range(FREE):
        attempts.begin("here")

    attempts.begin("there")
    assert pause(attempts, "here") == 10


def test_addresses_are_forgotten_before_they_are_too_many(attempts: Attempts):
    for _ in range(FREE):
        attempts.begin("here")
    for number in range(REMEMBERED):
        attempts.begin(f"address {number}")

    attempts.begin("here")
