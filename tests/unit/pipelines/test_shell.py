"""What a command does with variables is read as bash does it; any text is read to its end."""

import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_canary.pipelines.shell import events
from pytest_canary.pipelines.shell_words import ANYTHING


def told(command: str) -> str:
    """Its events: `X` for a use, `X=` where it gets a value, `X?` where it may have none."""
    signs = {"use": "", "set": "=", "spare": "?"}
    found = events(command)
    return " ".join("*" if each == ANYTHING else each.name + signs[each.kind] for each in found)


@pytest.mark.parametrize(
    ("command", "found"),
    [
        # What a shell puts in, and what it leaves alone.
        ("echo $X ${Y} a$Z.b", "X Y Z"),
        ("echo '$X' \"$Y\" \\$Z \"\\$W\" $'\\'$V'", "Y"),
        ("echo $1 $@ $? $$X $# ${10} ${#}", ""),
        ("echo a#$X # $Y", "X"),
        ("a='it'\\''s $X' $Y", "a= Y"),
        ('echo "a $(echo "$X" | tr \'"\' x) b" $Y', "X Y"),
        ("echo `echo $X` $Y", "X Y"),
        ('echo `echo "$X" | cut` $Y', "X Y"),
        ("kubectl get $(kubectl get pod -o name | awk '{print $1}') $X", "X"),
        ('sh -c "echo $X"', "X"),
        ("diff <(echo $X) <(echo $Y) >$Z 2>&1", "X Y Z"),
        ('read x <<<"$X"; echo $x', "X x= x"),
        ('echo ${{parameters.X}} "${{ parameters.Y }}" %{{ $Z }} $W', "W"),
        # The forms of ${…}.
        ("echo ${X:-1} ${Y-} ${Z:+a} ${W+a}", "X? Y? Z? W?"),
        ("echo ${X:-$Y} ${Z:=3} $Z", "X? Y Z? Z= Z"),
        (
            "echo ${X%.*} ${Y##*/} ${Z:1:2} ${#W} ${V/a/b} ${U^^} ${T[@]} ${S:?no}",
            "X Y Z W V U T S",
        ),
        ("echo ${!X} ${!PREFIX*} ${!PREFIX@}", "X"),
        # Here-documents.
        ("cat <<E\n$X `echo $Y` $(echo $Z) \\$W \"'\nE\necho $V", "X Y Z V"),
        ("cat <<'E'\n$X\nE\necho $Y", "Y"),
        ('cat <<"E" | tee a\n$X\nE\necho $Y', "Y"),
        ("cat <<-E >a\n\t$X\n\tE\necho $Y", "X Y"),
        ("cat <<A <<'B'\n$X\nA\n$Y\nB\necho $Z", "X Z"),
        # What gives a variable a value.
        ("X=1 Y=$X run $Y", "X= X Y= Y"),
        ("X=$X:a", "X X="),
        ("export A=$(date) B; echo $A $B", "A= A B"),
        ("docker run -e X=$Y image X=1", "Y"),
        ("sudo X=$Y run; env Z=1 run", "Y X= Z="),
        ("a=(b $X c); a+=(d); a[1]=$Y", "X a= a= Y a="),
        ("for x in $LIST; do echo $x; done", "LIST x= x"),
        ("while IFS= read -r a b; do echo $a; done", "IFS= a= b= a"),
        ("if ! read x; then select y in 1; do :; done; fi", "x= y="),
        ("declare -A a; local b=1 c; readonly d=2", "a= b= c= d="),
        ("printf -v x '%s' 1; getopts ab: y; mapfile -t z", "x= y= z="),
        ("((i = 1 + $N)); for ((j=0; j<3; j++)); do :; done", "i= N j="),
        ("echo $((X + $Y)) $(( (1 + $Z) * 2 )); let k=1", "Y Z k="),
        # What may set any.
        ("source a.sh; . b; eval $X", "* * X *"),
        ("export $(xargs <.env)", "*"),
        ("set -o allexport", "*"),
        # Who asks whether it has a value.
        ('[ -z "$X" ] && exit 1', "X X?"),
        ('if test "$X" = y; then echo $Y; fi', "X X? Y"),
        ("[[ -n $A && ( -z $B || $C < d ) ]] && echo $D", "A B C A? B? C? D"),
        # Words that end what they don't begin.
        ("case $X in a) echo $Y;; *) echo $Z;; esac; echo $W", "X Y Z W"),
        ("echo $(case $X in a) echo 1;; esac) $Y", "X Y"),
        ("f() { local v=$1; echo $v; }", "v= v"),
        ("function f { local v=$1; echo $v; }", "v= v"),
    ],
)
def test_what_a_command_does_with_variables(command: str, found: str) -> None:
    assert told(command) == found


@pytest.mark.parametrize(
    "command",
    [
        "echo $X '$Y' \"$Z\" \\$Y \"\\$Y\" $'\\'$Y'",
        "echo a#$X # $Y",
        "echo 'it'\\''s' $X '$Y'",
        'echo "a $(echo "$X" | tr \'"\' x) b" `echo $Z` \'`echo $Y`\'',
        "cat <<E\n$X `echo $Z` \\$Y \"'\nE\necho '$Y'",
        "cat <<'E'\n$Y\nE\necho $X",
        "cat <<-\\E\n\t$Y\n\tE\necho $X",
        "cat <<<\"$X\" <<<'$Y'; cat <<<$X",
        "echo ${X%.*} ${Z/a/b} ${X[0]} '${Y}'",
        "f() { local Y=1; echo $X; }; f",
        "case $X in '$Y') echo;; *) echo $Z $X;; esac",
        "for i in $X; do echo $i; done; while read -r l; do echo $l; done < <(echo $Z)",
        "echo $(case $X in *) echo $X;; esac)",
        "awk '{print $Y}' <<<a >/dev/null; echo $X",
    ],
)
def test_what_is_used_is_what_bash_puts_in(command: str) -> None:
    marks = {name: f"<{name}>" for name in "XYZ"}
    ran = subprocess.run(
        ["bash", "-c", command],
        env={**marks, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    used = {each.name for each in events(command) if each.kind == "use"}
    assert used & {*marks} == {name for name, mark in marks.items() if mark in ran.stdout}


@pytest.mark.parametrize(
    "text",
    [
        "$(" * 3000,
        "${a:-" * 3000,
        '"$(' * 3000,
        "`" * 3001,
        "((" * 3000,
        "$((" * 3000,
        "<(" * 3000,
        "a=(" * 3000,
    ],
)
def test_a_command_that_is_nested_without_end_is_not_judged(text: str) -> None:
    assert all(each.kind != "use" for each in events(text))


PIECES = [
    "$",
    "{",
    "}",
    "(",
    ")",
    "'",
    '"',
    "`",
    "\\",
    "<<E",
    "E\n",
    "x",
    "=",
    " ",
    "[[",
    "]]",
    ";",
]


@given(text=st.lists(st.sampled_from([*PIECES, "case ", "esac", "#", "\n", ":-", "!", "((", "))"])))
def test_any_text_is_read_to_its_end(text: list[str]) -> None:
    assert all(each.name or each == ANYTHING for each in events("".join(text)))
