"""Wrong settings: every mistake at once, with its file, key and value, and what is allowed."""

from pathlib import Path

import pytest
from fakes.settings_file import loaded, mistakes

from pytest_canary.config.settings_file import load
from pytest_canary.core.errors import SettingsError

NAME = "^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$"
USER = "^[a-z_][a-z0-9_]{0,62}$"
NUL = "{} = 'a\\x00b': a string without NUL"
CHECK = "[[api.checks]]\nmethod = 'GET'\npath = '/'\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("nme = 'x'", "nme = 'x': no such setting; did you mean name?"),
        (
            "[environment]\nAPI_TOKEN = 12345678",
            "environment.API_TOKEN = ********: a string",
        ),
        (
            "enviroment = { API_TOKEN = 'hunter22', PORT = '3000' }",
            "enviroment = {'API_TOKEN': '********', 'PORT': '3000'}: no such setting; "
            "did you mean environment?",
        ),
        (
            "api.write = {method = 'PUT', path = '/{unique}'}\n"
            "api.read = {method = 'GET', path = '/', contains = 'a {unique}'}",
            "api.read.contains = 'a {unique}': has no {unique}, as it brings all rows; each row's "
            "own is looked for in it anyway",
        ),
        ("[replicsa]", "replicsa = {}: no such setting; did you mean replicas?"),
        (
            "[replicas]\nstable_during = 2",
            "replicas.stable_during = 2: no such setting; did you mean stable-during-canary?",
        ),
        (
            "[migration]\nby = 'sidecar'",
            "migration.by = 'sidecar': one of 'exec', 'job', 'hook', 'init-container' or 'start'",
        ),
        (
            "[migration]\nby = 'hook'",
            "migration.by = 'hook': is for a chart, whose hooks Helm runs; name a Job by "
            "migration.job",
        ),
        (
            "[migration]\nby = 'start'\nhook = 'm'",
            'migration.hook = \'m\': goes with migration.by = "hook", and not "start"; take one '
            "of the two out",
        ),
        (
            "[migration]\nby = 'job'\nfirst = true",
            'migration.first = True: says nothing with migration.by = "job"; name the Job\'s '
            "manifest in migration.job",
        ),
        (
            "[migration]\nby = 'exec'\njob = 'apply.sh'",
            "migration.job = 'apply.sh': goes with migration.by = \"job\"; take one of the two out",
        ),
        (
            "[migration]\nfirst = true",
            "migration.first = True: is for a Job: exec needs a pod that is ready; name one by "
            "migration.job",
        ),
        (
            "migration.by = 'start'\nmigration.first = true",
            'migration.first = True: says nothing with migration.by = "start"; take it out',
        ),
        (
            "migration.by = 'start'\nmigration.job = 'apply.sh'",
            'migration.job = \'apply.sh\': goes with migration.by = "job", and not "start"; take '
            "one of the two out",
        ),
        (
            "migration.by = 'start'\nmigration.container = 'm'",
            "migration.container = 'm': goes with migration.by = \"init-container\", and not "
            '"start"; take one of the two out',
        ),
        (
            "migration.by = 'exec'\nmigration.container = 'm'",
            "migration.container = 'm': goes with migration.by = \"init-container\"; take one of "
            "the two out",
        ),
        (
            "[migration]\njob = 'apply.sh'\n[commands]\nmigrate = ['m']",
            "commands.migrate = ['m']: is not run with migration.by = \"job\"; take one of the two "
            "out",
        ),
        (
            "[migration]\njob = 'apply.sh'\nfirst = true\n[commands]\nping = ['p']",
            "commands.ping = ['p']: needs a pod, and with migration.first there is none yet; take "
            "one of the two out",
        ),
        (
            "[commands]\nxyz = []",
            "commands.xyz = []: no such setting; there are ping, migrate, down",
        ),
        (
            "[findings.latest-imag]\nlevel = 'error'",
            "findings.latest-imag.level = 'error': no such rule; did you mean latest-image?",
        ),
        (
            "[findings.xyz]\nlevel = 'off'\nwhy = 'ours'",
            "findings.xyz.level = 'off': no such rule; there are missing-secret, latest-image",
        ),
        (
            "[findings.latest-image]\nlevel = 'off'",
            "findings.latest-image.level = 'off': lower than the rule's own, which is warning, so "
            'say why: why = "…"',
        ),
        (
            "[findings.missing-secret]\nlevel = 'warning'\nwhy = ' '",
            "findings.missing-secret.level = 'warning': lower than the rule's own, which is error, "
            'so say why: why = "…"',
        ),
        (
            "[findings.latest-image]\nlevel = 'none'",
            "findings.latest-image.level = 'none': one of 'error', 'warning' or 'off'",
        ),
        ("[findings.latest-image]\nwhy = 'ours'", "findings.latest-image.level is missing"),
        (
            "[findings.latest-image]\nlevel = 'off'\nreason = 'ours'",
            "findings.latest-image.reason = 'ours': no such setting; there are level, why",
        ),
        ("findings.latest-image = 'off'", "findings.latest-image = 'off': a table"),
        (
            "[preflight.silenced]\nlatest-image = 'ours'",
            "preflight = {'silenced': {'latest-image': 'ours'}}: no such setting; write "
            '[findings.latest-image] with level = "off" and why = "…"',
        ),
        (
            "preflight = 1",
            'preflight = 1: no such setting; write [findings.RULE] with level = "off" and why = '
            '"…"',
        ),
        (
            "[[api.checks]]\nmethod = 'GET'\npath = '/'\nheader = {}",
            "api.checks.0.header = {}: no such setting; did you mean headers?",
        ),
        (
            "api.read = {method = 'GET', path = '/'}\napi.write = {method = 'PUT', path = 'x'}",
            "api.write.path = 'x': a string that matches ^/",
        ),
        (
            "replicas.stable = '10'\nreplicas.stable-during-canary = 5",
            "replicas.stable = '10': a whole number",
        ),
        ("name = 3", "name = 3: a string"),
        ("name = 'Shop'", f"name = 'Shop': a string that matches {NAME}"),
        ("baseline = ''", "baseline = '': must not be empty"),
        ("image = 'app:1'", "image = 'app:1': a table"),
        ("image.build-args.A = 1", "image.build-args.A = 1: a string"),
        ("replicas.canary = -1", "replicas.canary = -1: a whole number from 0"),
        ("replicas.stable = '3'", "replicas.stable = '3': a whole number"),
        ("replicas.stable = 3.0", "replicas.stable = 3.0: a whole number"),
        ("replicas.stable = true", "replicas.stable = True: a whole number"),
        (
            "replicas.stable = 1",
            "replicas.stable-during-canary = 2: at most replicas.stable, which is 1",
        ),
        ("commands.ping = 'npm run ping'", "commands.ping = 'npm run ping': a list of strings"),
        ("commands.ping = ['npm', 1]", "commands.ping.1 = 1: a string"),
        (
            "environment.'A-B' = 'x'",
            "environment.A-B = 'A-B': a string that matches ^[A-Za-z_][A-Za-z0-9_]*$",
        ),
        ("environment.PORT = 3000", "environment.PORT = 3000: a string"),
        ("database.user = '1x'", f"database.user = '1x': a string that matches {USER}"),
        (
            "promotion.tags = ['^hot', '(']",
            "promotion.tags = '(': not a regular expression: missing ), unterminated subpattern "
            "at position 0",
        ),
        (
            "promotion.tags = ['^v[[:digit:]]']",
            "promotion.tags = '^v[[:digit:]]': Python and Semaphore read it in two ways: Possible "
            "nested set at position 3",
        ),
        ("promotion.when = 1", "promotion.when = 1: a string"),
        (
            "promotion.when = 'branch = master'",
            "promotion.when = 'branch = master': master at character 10 stands where a text in "
            "single quotes belongs",
        ),
        (
            "promotion.when = 'change_in()'",
            "promotion.when = 'change_in()': there is no function change_in here, which is called "
            "at character 1",
        ),
        (
            """promotion.when = "tag =~ '*'\"""",
            """promotion.when = "tag =~ '*'": '*' at character 8: not a regular expression: """
            "nothing to repeat at position 0",
        ),
        (
            """promotion.when = "'true' =~ tag\"""",
            """promotion.when = "'true' =~ tag": =~ at character 8 has a boolean on its left, """
            "not a text",
        ),
        (
            "promotion.tags = []\npromotion.when = 'true'",
            "promotion.when = 'true': says all by itself; leave promotion.tags out",
        ),
        ("promotion.name = 'Canary'", "promotion.name = 'Canary': goes with promotion.pipeline"),
        (
            "promotion.pipeline = 'no.yml'",
            "promotion.pipeline = 'no.yml': can't be read: No such file or directory",
        ),
        ("promotion.pipeline = '.'", "promotion.pipeline = '.': can't be read: Is a directory"),
        (
            "promotion.pipeline = 'no.yml'\npromotion.when = 'true'",
            "promotion.pipeline = 'no.yml': has the condition; leave promotion.when out",
        ),
        (
            """promotion.when = "'${{parameters.GO}}' = 'true'\"""",
            """promotion.when = "'${{parameters.GO}}' = 'true'": asks for a parameter, whose """
            "value no rehearsal knows",
        ),
        ("deadlines.cluster = 0", "deadlines.cluster = 0: a number above 0"),
        ("deadlines.image = 1e12", "deadlines.image = 1000000000000.0: a number up to 86400"),
        ("traffic.slow = 1e300", "traffic.slow = 1e+300: a number up to 86400"),
        ("verdict.rate = 0", "verdict.rate = 0: a number above 0"),
        ("verdict.rate = 501", "verdict.rate = 501: a number up to 500"),
        ("replicas.stable = 1001", "replicas.stable = 1001: a whole number up to 1000"),
        ("replicas.stable = 0x1" + "0" * 4000, "replicas.stable = …: a whole number up to 1000"),
        ("environment.X = 'a\\u0000b'".replace("'", '"'), NUL.format("environment.X")),
        ("commands.ping = ['a\\u0000b']".replace("'", '"'), NUL.format("commands.ping.0")),
        ("image.build-args.X = 'a\\u0000b'".replace("'", '"'), NUL.format("image.build-args.X")),
        (
            "image.build-args = {'A=B' = '1'}",
            "image.build-args.A=B = 'A=B': a name without blanks and =",
        ),
        ("image.build-args = {'' = '1'}", "image.build-args. = '': a name without blanks and ="),
        (
            f"{CHECK}headers = {{'X-Ü' = '1'}}",
            "api.checks.0.headers.X-Ü = 'X-Ü': a header's name: letters, digits and dashes",
        ),
        (
            f"{CHECK}headers = {{X = '日本'}}",
            "api.checks.0.headers.X = '日本': a header's value: one line of ASCII or Latin-1, no "
            "blanks around it",
        ),
        (
            f'{CHECK}headers = {{X = "a\\nb"}}',
            "api.checks.0.headers.X = 'a\\nb': a header's value: one line of ASCII or Latin-1, no "
            "blanks around it",
        ),
        (
            f"{CHECK}json = {{at = [2020-01-01]}}",
            "api.checks.0.json = {'at': [datetime.date(2020, 1, 1)]}: JSON has no dates; put "
            "quotes around it",
        ),
        (f"{CHECK}json = [nan]", "api.checks.0.json = [nan]: JSON has finite numbers only"),
        (
            f"{CHECK}json = {'[' * 52}{']' * 52}",
            f"api.checks.0.json = {'[' * 52}{']' * 52}: at most 50 tables in each other",
        ),
        ("deadlines.cluster = 'long'", "deadlines.cluster = 'long': a number"),
        ("deadlines.cluster = inf", "deadlines.cluster = inf: a finite number"),
        ("deadlines.cluster = nan", "deadlines.cluster = nan: a finite number"),
        (
            "api.version-header = 'a b'",
            "api.version-header = 'a b': a string that matches ^[A-Za-z0-9-]*$",
        ),
        (
            "[[api.checks]]\nmethod = 'get'\npath = '/'",
            "api.checks.0.method = 'get': one of 'GET', 'HEAD', 'POST', 'PUT', 'PATCH' or 'DELETE'",
        ),
        ("[[api.checks]]\nmethod = 'GET'", "api.checks.0.path is missing"),
        (
            "[[api.checks]]\nmethod = 'GET'\npath = 'x'",
            "api.checks.0.path = 'x': a string that matches ^/",
        ),
        (
            "[[api.checks]]\nmethod = 'GET'\npath = '/'\nstatus = 600",
            "api.checks.0.status = 600: a whole number up to 599",
        ),
        (
            "api.write = {method = 'POST', path = '/{unique}'}",
            "api.write = '…': goes with [api.read]: what is written must be read back",
        ),
        (
            "api.read = {method = 'GET', path = '/'}",
            "api.read = '…': goes with [api.write]: what is written must be read back",
        ),
        (
            "api.read = {method = 'GET', path = '/'}\napi.write = {method = 'POST', path = '/'}",
            "api.write = 'POST /': needs {unique} in its json, form or path, to be told apart "
            "when it is read back",
        ),
    ],
)
def test_a_wrong_setting_is_told_with_what_is_allowed(book: Path, text: str, line: str) -> None:
    assert mistakes(book, text) == [f"canary.toml: {line}"]


@pytest.mark.parametrize("where", ["path = '/{unique}'", "path = '/'\njson = {a = ['{unique}']}"])
def test_the_unique_text_may_stand_anywhere_in_a_write(book: Path, where: str) -> None:
    read = "[api.read]\nmethod = 'GET'\npath = '/'"
    assert loaded(book, f"{read}\n[api.write]\nmethod = 'POST'\n{where}").api.write


@pytest.mark.parametrize(
    ("text", "key", "value", "kind", "path"),
    [
        ("image.context = 'no'", "image.context", "no", "folder", "no"),
        ("image.dockerfile = 'no'", "image.dockerfile", "no", "file", "no"),
        ("manifests.deployment = 'no'", "manifests.deployment", "no", "file", "no"),
        ("manifests.service = 'no'", "manifests.service", "no", "file", "no"),
        ("manifests.apply = 'manifests'", "manifests.apply", "manifests", "file", "manifests"),
    ],
)
def test_a_file_that_is_missing_is_told_with_its_path(
    book: Path, text: str, key: str, value: str, kind: str, path: str
) -> None:
    expected = f"canary.toml: {key} = {value!r}: there is no {kind} {book / path}"
    assert expected in mistakes(book, text)


def test_an_empty_folder_lacks_every_file_of_the_defaults(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as wrong:
        load(tmp_path)
    keys = [line.split(" = ")[0] for line in str(wrong.value).splitlines()]
    assert keys == [
        "defaults: image.dockerfile",
        "defaults: manifests.deployment",
        "defaults: manifests.service",
        "defaults: manifests.apply",
    ]


def test_every_mistake_is_told_at_once(book: Path) -> None:
    text = """
        name = "Shop"
        nonsense = true
        [replicas]
        canary = -1
        stable = 1
        [manifests]
        apply = "./no.sh"
        [commands]
        ping = "ping"
    """
    lines = mistakes(book, text)
    keys = {line.removeprefix("canary.toml: ").split(" = ")[0] for line in lines}
    assert keys == {
        "name",
        "nonsense",
        "replicas.canary",
        "replicas.stable-during-canary",
        "manifests.apply",
        "commands.ping",
    }
    assert len(lines) == 6
