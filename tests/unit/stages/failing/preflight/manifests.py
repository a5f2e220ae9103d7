"""Where the manifests are not what Kubernetes, the script or the walk take them for."""

from fakes.world import World
from unit.stages.failing.preflight.cases import CASES, fails

from pytest_canary.stages import preflight

fails(
    preflight.yaml_is_valid,
    "deployment/invalid-yaml",
    "deployment.yml is no valid YAML: did not find expected '-' indicator",
)
fails(preflight.yaml_is_valid, "deployment/not-an-object", "the object has no kind")
fails(
    preflight.yaml_is_valid,
    "deployment/duplicate-key",
    "key image is set twice in spec.template.spec.containers[0]; what line 16 says is lost",
)
fails(preflight.yaml_is_valid, "service/invalid-yaml", "service.yml is no valid YAML")

fails(preflight.variables_have_values, "deployment/unset-variable", "$PROT has no value")
fails(
    preflight.variables_have_values,
    "service/unset-variable",
    "$HOST stays as it stands: service.yml is applied without filling anything in",
)


@CASES.fails(
    preflight.variables_have_values,
    "PROT is set in [environment], and neither ",
    "deployment.yml nor apply.sh uses it",
    evidence=("rule unused-variable", "next    use it as $PROT, or take it out"),
    before=True,
    table={
        "environment": {"PROT": "3000"},
        "findings": {"unused-variable": {"level": "error"}},
    },
)
def a_variable_is_set_that_nothing_uses(world: World) -> None:
    pass


fails(
    preflight.schema_fits,
    "deployment/unknown-kind",
    "has no Deployment in extensions/v1beta1",
)
fails(
    preflight.schema_fits,
    "deployment/undefined-kind",
    "ServiceMonitor in monitoring.invalid/v1 is no kind of Kubernetes', and no CRD among the "
    "manifests makes it one: the run's cluster will not take it",
)
fails(
    preflight.schema_fits,
    "deployment/unknown-field",
    'unknown field "spec.template.spec.containers[0].imagePulPolicy"',
)
fails(preflight.schema_fits, "deployment/missing-field", "livenessProbe.tcpSocket.port is missing")
fails(
    preflight.schema_fits,
    "deployment/duplicate-entry",
    "tmp is in spec.template.spec.volumes twice, first on line 22",
)
fails(
    preflight.schema_fits,
    "deployment/conflicting-fields",
    "variable HOST has value and valueFrom, of which Kubernetes takes one alone",
)
fails(preflight.schema_fits, "deployment/wrong-type", "env[0].value must be text, not a number")
fails(
    preflight.schema_fits,
    "deployment/wrong-value",
    "imagePullPolicy must be one of Always, IfNotPresent, Never",
)
fails(preflight.schema_fits, "service/wrong-type", "spec.selector must be a table, not a list")

fails(preflight.deployments_are_made, "deployment/no-deployment", "has no Deployment")
fails(
    preflight.deployments_are_made,
    "deployment/wrong-name",
    "the Deployment is called shop, not shop-canary, so canary and stable would be the same one",
)
fails(
    preflight.deployments_are_made,
    "deployment/wrong-replicas",
    "shop-canary gets 3 replicas, not the 1 that apply.sh is given",
)
fails(
    preflight.deployments_are_made,
    "deployment/wrong-image",
    "no container of shop-canary runs the image that apply.sh is given",
)
fails(
    preflight.deployments_are_made,
    "deployment/paused-rollout",
    "shop-canary is paused, so that Kubernetes makes no pod of it until somebody resumes it",
)
fails(
    preflight.deployments_are_made,
    "deployment/fixed-namespace",
    "Deployment shop-canary is fixed to a namespace, where nothing is rehearsed",
)
fails(
    preflight.deployments_are_made,
    "deployment/cluster-scoped",
    "ClusterRole shop belongs to the whole cluster, and a release reaches the rehearsal's "
    "namespace only",
)

fails(
    preflight.selectors_are_apart,
    "deployment/overlapping-selectors",
    "shop-canary selects the pods of shop-stable too, by app: shop",
)
fails(
    preflight.selectors_are_apart,
    "deployment/selector-misses-pods",
    "selector does not match template labels: its pods have app: shop, deployment: shop-canary",
)

fails(preflight.service_selects, "service/no-service", "service.yml makes no Service shop-lb")
fails(
    preflight.service_selects,
    "service/no-selector",
    "Service shop-lb has no selector, so it sends connections nowhere",
)
fails(
    preflight.service_selects,
    "service/selects-no-pod",
    "Service shop-lb selects no pod of shop-canary: it looks for app: store, and they have app: "
    "shop, deployment: shop-canary",
)

fails(
    preflight.service_is_reached,
    "service/unreachable-service",
    "Service shop-lb is of type ClusterIP, which can't be reached from outside",
)
fails(
    preflight.service_is_reached,
    "service/session-affinity",
    "Service shop-lb sends a client to the same pod every time",
)

fails(
    preflight.target_port_exists,
    "service/no-target-port",
    "no container of shop-canary has a TCP port called web",
)
fails(
    preflight.target_port_exists,
    "service/unnamed-target-port",
    "no container of shop-canary names TCP port 8080; they name 3000",
)

fails(
    preflight.probes_exist,
    "deployment/no-readiness-probe",
    "container shop has no readinessProbe, so it gets traffic as soon as its process runs",
)
fails(preflight.probes_exist, "deployment/empty-probe", "of container shop asks nothing")
fails(
    preflight.probes_exist,
    "deployment/no-probe-port",
    "readinessProbe asks port htpp, which container shop does not have",
)

fails(
    preflight.references_exist,
    "deployment/missing-secret",
    "Secret payment will not be there: neither a manifest nor the rehearsal makes it",
)
fails(
    preflight.references_exist,
    "deployment/missing-config-map",
    "ConfigMap features will not be there",
)
fails(
    preflight.references_exist,
    "deployment/missing-key",
    "Secret db-params will have no key DB_PASS",
)
fails(
    preflight.references_exist,
    "deployment/missing-volume",
    "container shop mounts volume tmp, which the pod does not have",
)
fails(
    preflight.references_exist,
    "deployment/missing-claim",
    "PersistentVolumeClaim shop-data will not be there",
)
fails(
    preflight.references_exist,
    "deployment/missing-service-account",
    "ServiceAccount shop will not be there, and without it no pod is made",
)

fails(
    preflight.image_is_found,
    "deployment/pull-policy",
    "container shop asks a registry for the image, which is only loaded into the kind node",
)

fails(
    preflight.images_are_fixed,
    "deployment/latest-image",
    "container proxy runs proxies.invalid/proxy, which may be another image tomorrow",
)

fails(
    preflight.requests_fit,
    "deployment/request-above-limit",
    "container shop requests 96Mi of memory, which is above its limit of 64Mi",
)
fails(
    preflight.requests_fit,
    "deployment/request-beyond-node",
    "a pod requests 4000 of cpu, and the node has ",
)

fails(
    preflight.pods_are_left,
    "deployment/takes-last-pod",
    "a rollout may take all 3 pods of shop-stable at once",
)
fails(
    preflight.pods_are_left,
    "deployment/blocking-budget",
    "PodDisruptionBudget shop-canary lets none of the 3 pods of shop-stable go",
)
