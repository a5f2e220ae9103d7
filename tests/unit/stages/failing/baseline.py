"""Where the baseline is not as its users have it."""

from fakes import app
from fakes.objects import crashing, terminating, unready
from fakes.world import World
from unit.stages.failing import Cases

from pytest_canary.k8s.dry_run import Refusal
from pytest_canary.stages import baseline

CASES = Cases("baseline")
FAILING_APPLY = """#!/bin/sh
echo "apply.sh: $2 was not rolled out" >&2
exit 3
"""


@CASES.fails(
    baseline.nothing_is_live,
    "service.yml is applied, but there is no Service addressbook-lb; see its metadata.name",
    before=True,
    first=True,
)
def kubectl_makes_no_service(world: World) -> None:
    world.script("kubectl", "#!/bin/sh\n")


@CASES.fails(
    baseline.nothing_is_live,
    "addressbook-stable is there before anything was released; ",
    "see what else deploys into namespace canary-test",
    first=True,
)
def someone_has_deployed_before(world: World) -> None:
    world.context.release.deploy("stable", 1, world.version("candidate"))


@CASES.fails(
    baseline.deploy,
    "addressbook-stable can't be deployed: `",
    "apply.sh",
    "exited with code 3",
    evidence=("apply.sh: addressbook-stable was not rolled out",),
    before=True,
)
def apply_fails(world: World) -> None:
    world.script("apply.sh", FAILING_APPLY)


@CASES.fails(
    baseline.deploy,
    "StatefulSet queue (fixtures/prerequisites/deployment-and-queue.yml:",
    "does not get ready: it is given up after 5 s: there is no StatefulSet queue",
    evidence=("rule companion-not-ready", "mend it there"),
    before=True,
    table={"manifests": {"deployment": "fixtures/prerequisites/deployment-and-queue.yml"}},
)
def what_comes_along_does_not_get_ready(world: World) -> None:
    assert world.settings.files.deployment.name == "deployment-and-queue.yml"


@CASES.fails(
    baseline.deploy,
    "waited 5 s for 3/3 of addressbook-stable, which did not come; last seen: "
    "addressbook-stable 0/3 ready of {baseline}; ",
    "{stable} CrashLoopBackOff",
    before=True,
)
def its_pods_crash(world: World) -> None:
    world.namespace.controllers.sick = crashing


@CASES.fails(
    baseline.deploy,
    "waited 5 s for 3/3 of addressbook-stable, which did not come; last seen: "
    "there is no Deployment addressbook-stable",
    before=True,
)
def apply_does_nothing(world: World) -> None:
    world.script("apply.sh", "#!/bin/sh\n")


@CASES.fails(
    baseline.deploy,
    "service.yml made no Service addressbook-lb; set name so that the Service is NAME-lb",
    before=True,
)
def the_service_has_another_name(world: World) -> None:
    world.script("kubectl", "#!/bin/sh\n")


@CASES.fails(
    baseline.deploy,
    "the Service did not answer within 0.3 s; last seen: GET /all of the Service answers with "
    "status 500, not 200",
    evidence=("column search_name does not exist",),
    before=True,
    table={"deadlines": {"rollout": 0.3}},
)
def the_service_never_answers(world: World) -> None:
    world.app.faults = [app.fails]


@CASES.fails(
    baseline.deploy,
    "GET /all of pod {stable} answers without the header X-Release, which api.version-header names;"
    " let the app send its version in it",
    before=True,
    table={"api": {"version-header": "X-Release"}},
)
def it_tells_no_version(world: World) -> None:
    world.app.faults = [app.tells_no_version]


@CASES.fails(
    baseline.pods_are_ready,
    "waited 5 s for 3/3 of addressbook-stable, which did not come; last seen: "
    "addressbook-stable 2/3 ready of {baseline}; {stable} CrashLoopBackOff",
)
def a_pod_crashes(world: World) -> None:
    world.change_pod("stable", crashing)


@CASES.fails(baseline.pods_are_ready, "2/3 ready of {baseline}; {stable} running, not ready")
def a_pods_probe_fails(world: World) -> None:
    world.change_pod("stable", unready)


@CASES.fails(baseline.pods_are_ready, "2/3 ready of {baseline}; {stable} terminating")
def a_pod_is_terminating(world: World) -> None:
    world.change_pod("stable", terminating)


@CASES.fails(baseline.pods_are_ready, "2/3 ready of {baseline}; {stable} ready")
def a_pod_runs_another_image(world: World) -> None:
    world.change_pod(
        "stable", lambda it: it["spec"]["containers"][0].update(image="addressbook:333333333333")
    )


@CASES.fails(baseline.pods_are_ready, "addressbook-stable 2/3 ready of {baseline}, 2 wanted")
def someone_scales_it_down(world: World) -> None:
    world.namespace.scale("addressbook-stable", 2)


@CASES.fails(
    baseline.pods_are_ready,
    "the Deployment controller has not seen the newest addressbook-stable yet",
    evidence=("3/3 ready of {baseline}; addressbook-stable: the controller has not seen",),
)
def the_controller_lags_behind(world: World) -> None:
    world.namespace.edit(
        "Deployment", "addressbook-stable", lambda it: it["metadata"].update(generation=99)
    )


@CASES.fails(
    baseline.commands_succeed,
    "`app ping` in pod {stable} exits with code 1",
    evidence=("could not connect to server",),
    before=True,
)
def ping_fails(world: World) -> None:
    world.commands.ping = (1, "could not connect to server")


@CASES.fails(
    baseline.commands_succeed,
    "`app migrate` in pod {stable} exits with code 4",
    evidence=("permission denied for schema public",),
    before=True,
)
def migrate_fails(world: World) -> None:
    world.commands.migrate = lambda *_: (4, "permission denied for schema public")


@CASES.fails(
    baseline.schema_is_made,
    "`app migrate` exits with code 0 but the database has no table; "
    "let it fail when it does nothing, and see that it uses DB_SCHEMA",
    evidence=("nothing to do",),
    before=True,
)
def migrate_does_nothing(world: World) -> None:
    world.commands.migrate = lambda *_: (0, "nothing to do")


@CASES.fails(
    baseline.service_selects,
    "Service addressbook-lb selects no pod of addressbook-stable: it selects app=adressbook, and "
    "they have app=addressbook",
)
def the_service_selects_nothing(world: World) -> None:
    world.select(app="adressbook")


@CASES.fails(baseline.service_selects, "last seen: {canary} gets connections too; compare")
def the_service_selects_a_canary_too(world: World) -> None:
    world.context.release.deploy("canary", 1, world.version("candidate"))


@CASES.fails(baseline.service_selects, "last seen: no pod is ready")
def no_pod_is_ready(world: World) -> None:
    for pod in world.pods("stable"):
        world.namespace.edit("Pod", pod, unready)


def wrong(name: str, fault: app.Fault, *words: str, evidence: tuple[str, ...] = ()) -> None:
    """The API is wrong in one way."""

    def sabotage(world: World) -> None:
        world.app.faults = [fault]

    sabotage.__name__ = name
    CASES.fails(baseline.api_works, *words, evidence=evidence)(sabotage)


wrong(
    "the connection breaks",
    app.breaks_the_connection,
    "PUT /person got no answer from the Service at http://127.0.0.1:{port}: ",
    "closed connection without response",
)
wrong(
    "a write fails",
    app.refuses_to("PUT"),
    "PUT /person of the Service answers with status 500, not 200",
    evidence=("PUT /person -> 500", "column search_name does not exist"),
)
wrong(
    "a read fails",
    app.refuses_to("GET"),
    "GET /all of the Service answers with status 500, not 200",
    evidence=("GET /all -> 500", "column search_name does not exist"),
)
wrong(
    "it forgets what it writes",
    app.forgets_what_it_writes,
    "what the Service acknowledged can't be read back from it: person ",
    "Canary) is missing; see whether it writes to and reads from the same table",
)
wrong(
    "it doubles rows",
    app.doubles_rows,
    "what the Service acknowledged can't be read back from it: person ",
    "Canary) is there ",
)
wrong(
    "its timestamps have no offset",
    app.stores(createdAt="2019-11-10T16:48:15"),
    "PUT /person of the Service: a person's createdAt is no time of RFC 3339, such as ",
    "'createdAt': '2019-11-10T16:48:15'",
)
wrong(
    "its timestamps are as SQL writes them",
    app.stores(updatedAt="2019-11-10 16:48:15.900+01"),
    "a person's updatedAt is no time of RFC 3339, such as 2019-11-10T16:48:15.900Z",
)
wrong(
    "a person has no id",
    app.stores(id=None, updatedAt=None),
    "PUT /person of the Service: a person has no id, updatedAt: ",
)
wrong("an id is a text", app.stores(id="7"), "a person's id is not a whole number: ", "'id': '7'")
wrong(
    "it stores another name",
    app.stores(firstName="Sammy"),
    "PUT /person of the Service stored Sammy Canary, not canary",
    evidence=("PUT /person -> 200",),
)
wrong(
    "it answers with a page",
    app.answers("/all", "<html>Welcome</html>"),
    "GET /all of the Service does not answer with JSON",
    evidence=("<html>Welcome</html>",),
)
wrong(
    "it answers with an object",
    app.answers("/all", {"people": []}),
    "GET /all of the Service does not answer with a list: ",
)


@CASES.fails(
    baseline.other_requests,
    "GET /ready of the Service answers with status 503, not 200",
    evidence=("the pool is exhausted",),
)
def it_says_that_it_is_not_ready(world: World) -> None:
    world.app.faults = [app.answers("/ready", "the pool is exhausted", 503)]


@CASES.fails(
    baseline.other_requests,
    "GET /notes/canary",
    " of the Service answers with status 404, not 200",
    table={"api": app.BOUNDED},
)
def its_bounded_read_finds_no_row(world: World) -> None:
    world.app.faults = [
        lambda asked, right: app.Reply(404, "") if asked.path.startswith("/notes/") else right
    ]


@CASES.fails(
    baseline.other_requests,
    "GET /ready of the Service answers without 'true'",
    evidence=("GET /ready -> 200", "false"),
)
def it_answers_with_something_else(world: World) -> None:
    world.app.faults = [app.answers("/ready", {"ready": False})]


@CASES.fails(
    baseline.candidate_is_taken,
    "the API server does not take Deployment addressbook-stable of the candidate over what is "
    "live: spec.selector: field is immutable",
    evidence=(
        "seen    ",
        "manifests/deployment.yml:11, tried out before anything of it is applied",
        "next    leave the field as the live object has it, give the object another name, or "
        "`kubectl delete` the live one first",
        'Deployment.apps "addressbook-stable" is invalid: spec.selector: Invalid value: ',
    ),
)
def the_candidate_changes_the_selector(world: World) -> None:
    why = 'Invalid value: {"matchLabels":{"app":"addressbook","tier":"web"}}: field is immutable'
    said = f'Deployment.apps "addressbook-stable" is invalid: spec.selector: {why}'
    refusal = Refusal("Invalid", said, (("spec.selector", why),))
    world.namespace.refuses["Deployment addressbook-stable"] = refusal


@CASES.fails(
    baseline.candidate_is_taken,
    "the API server does not take Service addressbook-lb of the candidate over what is live: "
    'admission webhook "policy.example.invalid" denied the request: no LoadBalancer here',
    evidence=("next    do what is asked for there; or ask who runs the cluster, whose admission",),
)
def a_policy_refuses_the_candidates_service(world: World) -> None:
    said = 'admission webhook "policy.example.invalid" denied the request: no LoadBalancer here'
    world.namespace.refuses["Service addressbook-lb"] = Refusal("Forbidden", said)
