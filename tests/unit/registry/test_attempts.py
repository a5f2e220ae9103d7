"""What the stand-in has left behind is read, and nothing else is taken for it."""

import os
from pathlib import Path

from pytest_canary.registry.attempts import Attempt, pushed_digests, read_attempts

DIGEST = "sha256:" + "0" * 64
PUSHED = f"The push refers to repository\n0a1b: Pushed\nw-1: digest: {DIGEST} size: 527\n"


def write(folder: Path, name: str, at: int, *lines: str) -> None:
    (folder / name).write_text("\n".join(lines))
    os.utime(folder / name, ns=(at, at))


def test_they_come_in_the_order_in_which_they_ended(tmp_path: Path) -> None:
    write(tmp_path, "1", 3, "push", "docker.io/ada/shop:w-1", "0", PUSHED)
    write(tmp_path, "2", 1, "login", "docker.io", "0", "Login Succeeded")
    write(tmp_path, "3", 2, "pull", "docker.io/ada/shop:w-1", "1", "manifest unknown")
    write(tmp_path, "4.new", 0, "login", "docker.io", "0", "")
    write(tmp_path, "5", 0, "logout", "docker.io", "0", "")
    write(tmp_path, "6", 0, "login", "docker.io", "")
    found = read_attempts(tmp_path)
    assert [each.what for each in found] == ["login", "pull", "push"]
    assert [each.digest for each in found] == ["", "", DIGEST]


def test_the_last_push_of_a_name_counts_that_came_through() -> None:
    one, two = DIGEST, DIGEST.replace("0", "1")
    said = "w: digest: {} size: 1"
    assert pushed_digests(
        [
            Attempt("push", "a:w", 0, said.format(one)),
            Attempt("push", "a:w", 0, said.format(two)),
            Attempt("push", "a:w", 1, said.format(one)),
            Attempt("push", "b:w", 0, "nothing of a digest"),
        ]
    ) == {"a:w": two}
