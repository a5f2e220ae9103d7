#!/usr/bin/env bash
# A release walked by hand: the transitions of `pytest --canary`, with kind, kubectl and curl, and no more looked at than
# a script that somebody wrote for it would: that each rollout ends, and that the app answers. walk.py measures the two.
#   benchmarks/bare.sh [FOLDER]
# Everything else comes by the environment; the defaults are the bundled addressbook's:
#   docker build --build-arg RELEASE=1 -t addressbook:1 app && benchmarks/bare.sh
set -euo pipefail
trap 'exit 130' INT
trap 'exit 143' TERM
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}"

name=${NAME:-addressbook}
baseline=${BASELINE:-addressbook:1}                  # an image
candidate=${CANDIDATE:-}                             # one too; unset: built from the folder
context=${CONTEXT:-app} dockerfile=${DOCKERFILE:-${CONTEXT:-app}/Dockerfile}
deployment=${DEPLOYMENT:-manifests/deployment.yml} service=${SERVICE:-manifests/service.yml} apply=${APPLY:-./apply.sh}
service_name=${SERVICE_NAME:-$name-lb}
canary=${CANARY:-1} stable=${STABLE:-3} fewer=${FEWER:-2}
postgres=${POSTGRES_IMAGE:-postgres:17}              # "none" for none
# As one would type them: docker build's arguments, the app's commands, and what curl is given, the path last.
eval "build_args=(${BUILD_ARGS---build-arg RELEASE=2 ${PYTHON_IMAGE:+--build-arg BASE=$PYTHON_IMAGE}})"
eval "ping=(${PING-python -m addressbook ping})"
eval "migrate=(${MIGRATE-python -m addressbook migrate})"
eval "down=(${DOWN-python -m addressbook downgrade 0001})"
write=${WRITE--X PUT -d firstName=UNIQUE -d lastName=Bare /person}
read=${READ-/all}
export PORT=${PORT:-3000}
export DB_HOST=db DB_PORT=5432 DB_SCHEMA=${DB_SCHEMA:-app} DB_USER=${DB_USER:-app} DB_SSL=false
DB_PASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
export DB_PASSWORD

cluster=bare-$$ node=bare-$$-control-plane
scratch=$(mktemp -d)
export KUBECONFIG=$scratch/kubeconfig

step() { printf '== %s\n' "$1"; }

clean_up() {
  kind delete cluster -q --name "$cluster"
  docker rmi "$name:bare-$$-1" "$name:bare-$$-2" >/dev/null 2>&1 || true
  rm -r "$scratch"
}
trap clean_up EXIT

roll_out() { kubectl rollout status "deployment/$1" --timeout=120s; }
deploy() { "$apply" "$deployment" "$name-$1" "$2" "$3"; }
scale() { kubectl scale --replicas="$2" "deployment/$name-$1" && roll_out "$name-$1"; }
in_pod() { (($# == 1)) || kubectl exec "deployment/$name-$1" -- "${@:2}"; } # a command may be empty
ask() {
  eval "set -- $1"
  curl -fsS --retry 10 --retry-connrefused --max-time 10 "${@:1:$#-1}" "$url${!#}"
}
write_and_read() {
  local unique=bare$RANDOM$RANDOM
  ask "${write//UNIQUE/$unique}" >/dev/null
  [[ $(ask "$read") == *"$unique"* ]] || { echo "bare.sh: what was written can't be read: $unique" >&2; exit 1; }
}

pull() { docker image inspect "$1" >/dev/null 2>&1 || docker pull -q "$1"; }

step cluster
if [[ -n $candidate ]]; then
  pull "$candidate"
  docker tag "$candidate" "$name:bare-$$-2"
else
  docker build -q "${build_args[@]}" -f "$dockerfile" -t "$name:bare-$$-2" "$context"
fi
pull "$baseline"
docker tag "$baseline" "$name:bare-$$-1"
kind create cluster -q --name "$cluster" ${NODE_IMAGE:+--image "$NODE_IMAGE"} --config - <<END
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
    extraPortMappings: [{containerPort: 30080, hostPort: 0, listenAddress: 127.0.0.1}]
END
images=("$name:bare-$$-1" "$name:bare-$$-2")
if [[ $postgres != none ]]; then
  pull "$postgres"
  images+=("$postgres")
fi
kind load docker-image -q --name "$cluster" "${images[@]}"
kubectl apply -f - <<END
apiVersion: v1
kind: Secret
metadata: {name: registry}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths": {}}'}
---
apiVersion: v1
kind: Secret
metadata: {name: db-params}
stringData:
  {DB_HOST: $DB_HOST, DB_PORT: "$DB_PORT", DB_SCHEMA: $DB_SCHEMA, DB_USER: $DB_USER, DB_PASSWORD: "$DB_PASSWORD", DB_SSL: "false"}
END
if [[ $postgres != none ]]; then
  kubectl apply -f - <<END
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - name: postgres
          image: $postgres
          imagePullPolicy: IfNotPresent
          env:
            - {name: POSTGRES_USER, valueFrom: {secretKeyRef: {name: db-params, key: DB_USER}}}
            - {name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: db-params, key: DB_PASSWORD}}}
            - {name: POSTGRES_DB, valueFrom: {secretKeyRef: {name: db-params, key: DB_SCHEMA}}}
          readinessProbe:
            exec: {command: [pg_isready, -q, -h, 127.0.0.1, -U, $DB_USER]}
            periodSeconds: 1
            timeoutSeconds: 10
END
  roll_out db
fi

step baseline
kubectl apply -f "$service"
kubectl patch service "$service_name" --type=json -p '[{"op": "add", "path": "/spec/ports/0/nodePort", "value": 30080}]'
url=http://$(docker port "$node" 30080/tcp)
deploy stable "$stable" "$name:bare-$$-1"
in_pod stable "${ping[@]}"
in_pod stable "${migrate[@]}"
write_and_read

step canary
deploy canary "$canary" "$name:bare-$$-2"
scale stable "$fewer"
write_and_read

step migration
in_pod canary "${ping[@]}"
in_pod canary "${migrate[@]}"
write_and_read

step stable
deploy stable "$stable" "$name:bare-$$-2"
kubectl delete "deployment/$name-canary"
write_and_read

step rollback
deploy canary "$canary" "$name:bare-$$-2"
scale stable "$fewer"
{
  kubectl get all,events -o wide
  kubectl describe deployments,pods
  kubectl logs "deployment/$name-canary"
} >"$scratch/diagnostics"
scale stable "$stable"
kubectl delete "deployment/$name-canary"
write_and_read
deploy stable "$stable" "$name:bare-$$-1"
write_and_read
if ((${#down[@]})); then
  kubectl run down --restart=Never --image="$name:bare-$$-2" --overrides="$(cat <<END
{"spec": {"containers": [{"name": "down", "image": "$name:bare-$$-2", "command": [$(printf '"%s",' "${down[@]}" | sed 's/,$//')],
  "envFrom": [{"secretRef": {"name": "db-params"}}]}]}}
END
  )"
  kubectl wait --for=jsonpath='{.status.phase}'=Succeeded pod/down --timeout=120s
  write_and_read
fi

step cleanup
trap - EXIT
clean_up
