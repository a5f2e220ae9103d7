"""bcrypt, against hashes that others have published."""

import base64

import pytest

from pytest_canary.registry.bcrypt import hashed

USUAL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
BCRYPTS = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

# crypt_blowfish's own test vectors, by Solar Designer, in the public domain.
VECTORS = [
    ("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
    ("U*U*U", "$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
    ("", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
    (
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "$2b$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
    ),
]


@pytest.mark.parametrize(("password", "known"), VECTORS)
def test_a_password_is_hashed_as_everywhere(password: str, known: str) -> None:
    letters = known[7:29].encode().translate(bytes.maketrans(BCRYPTS, USUAL))
    salt = base64.b64decode(letters + b"==")
    assert hashed(password, salt, 5) == known


@pytest.mark.parametrize(("password", "salt"), [("x" * 73, b"0" * 16), ("x", b"0" * 15)])
def test_what_bcrypt_would_cut_is_refused(password: str, salt: bytes) -> None:
    with pytest.raises(ValueError, match="at most 72 bytes"):
        hashed(password, salt)
