"""bcrypt, as the registry wants its passwords hashed; Python's own library has no such thing.

Provos and Mazières, "A Future-Adaptable Password Scheme", 1999. What it protects here is a random
password of one run's, so that the least cost will do.
"""

from __future__ import annotations

import base64
import functools
import struct

# The least that any implementation takes: sixteen rounds.
COST = 4

# Letters that count of a password.
LONGEST = 72

# What is encrypted with the password, again and again, for its hash.
_TEXT = struct.unpack(">6I", b"OrpheanBeholderScryDoubt")
_KEYS, _BOXES = 18, 4 * 256
_WORD = 0xFFFFFFFF
_USUAL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BCRYPTS = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def hashed(password: str, salt: bytes, cost: int = COST) -> str:
    """A password's hash, as an htpasswd file has it: "$2b$04$…".

    Args:
        password: at most 72 bytes of UTF-8.
        salt: 16 random bytes.
        cost: the binary logarithm of the number of rounds.

    Raises:
        ValueError: the password is longer, or the salt is not as long.
    """
    given = password.encode()
    if len(given) > LONGEST or len(salt) != 16:
        raise ValueError("a password of at most 72 bytes, and a salt of 16")
    key = _words(given + b"\0", _KEYS)
    salted = struct.unpack(">4I", salt)
    cipher = _Blowfish()
    cipher.take(key, salted)
    for _ in range(2**cost):
        cipher.take(key)
        cipher.take(_words(salt, _KEYS))
    text = list(_TEXT)
    for at in range(0, len(text), 2):
        for _ in range(64):
            text[at], text[at + 1] = cipher.encrypt(text[at], text[at + 1])
    last = struct.pack(">6I", *text)[:-1]
    return f"$2b${cost:02}${_letters(salt)}{_letters(last)}"


def _letters(data: bytes) -> str:
    """Base64 with bcrypt's own letters, and nothing at its end."""
    usual = base64.b64encode(data).rstrip(b"=")
    return usual.translate(bytes.maketrans(_USUAL, _BCRYPTS)).decode()


def _words(data: bytes, number: int) -> tuple[int, ...]:
    """So many words of 32 bits, the data over and over."""
    size = 4 * number
    return struct.unpack(f">{number}I", (data * (size // len(data) + 1))[:size])


class _Blowfish:
    """The cipher, whose keys and boxes are pi's digits until it takes a key."""

    def __init__(self) -> None:
        digits = _pi()
        self._keys = list(digits[:_KEYS])
        self._boxes = list(digits[_KEYS:])

    def take(self, key: tuple[int, ...], salt: tuple[int, ...] = (0, 0, 0, 0)) -> None:
        """Make keys and boxes anew of a key, and of a salt."""
        self._keys = [own ^ given for own, given in zip(self._keys, key, strict=True)]
        left = right = at = 0
        for table in (self._keys, self._boxes):
            for index in range(0, len(table), 2):
                left, right = self.encrypt(left ^ salt[at], right ^ salt[at + 1])
                table[index], table[index + 1] = left, right
                at ^= 2

    def encrypt(self, left: int, right: int) -> tuple[int, int]:
        """One block of 64 bits."""
        boxes, keys = self._boxes, self._keys
        for key in keys[:16]:
            left ^= key
            mixed = boxes[left >> 24] + boxes[256 + (left >> 16 & 255)] & _WORD
            mixed = (mixed ^ boxes[512 + (left >> 8 & 255)]) + boxes[768 + (left & 255)]
            left, right = right ^ mixed & _WORD, left
        return right ^ keys[17], left ^ keys[16]


@functools.cache
def _pi() -> tuple[int, ...]:
    """What Blowfish begins with of pi's fraction, in words of 32 bits; by Machin's formula."""
    bits, spare = 32 * (_KEYS + _BOXES), 64
    one = 1 << bits + spare

    def arctan(inverse: int) -> int:
        power = total = one // inverse
        number, sign = 3, -1
        while power:
            power //= inverse * inverse
            total += sign * (power // number)
            number, sign = number + 2, -sign
        return total

    pi = 4 * (4 * arctan(5) - arctan(239)) >> spare
    fraction = pi & (1 << bits) - 1
    return struct.unpack(f">{_KEYS + _BOXES}I", fraction.to_bytes(bits // 8, "big"))
