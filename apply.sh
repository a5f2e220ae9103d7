#!/usr/bin/env bash
# Apply a Deployment's template and wait until it is rolled out:
#   apply.sh MANIFEST DEPLOYMENT REPLICAS IMAGE
# The template sees $deployment, $replicas, $img and the environment. ROLLOUT_TIMEOUT: 120s unless set.
set -euo pipefail

fail() {
  printf 'apply.sh: %s\n' "$1" >&2
  exit "${2:-2}"
}

(($# == 4)) || fail 'usage: apply.sh MANIFEST DEPLOYMENT REPLICAS IMAGE'
# The template may use any name, so the script makes no other variable before it is filled in.
export deployment=$2 replicas=$3 img=$4
[[ -f $1 && -r $1 ]] || fail "there is no manifest $1"
[[ $deployment =~ ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$ ]] || fail "'$deployment' is no name for a Deployment"
[[ $replicas =~ ^[0-9]+$ ]] || fail "replicas must be a number, not '$replicas'"
[[ $img =~ ^[^[:space:]]+$ ]] || fail "'$img' is no image"
command -v awk >/dev/null || fail 'awk is not installed, or not on the PATH' 127
command -v kubectl >/dev/null || fail 'kubectl is not installed, or not on the PATH' 127

# What envsubst does, except that a variable which is not set is an error, and not nothing.
# Kept in memory, as the values of other people's templates are secrets.
rendered=$(awk '{
  while (match($0, /[$]([{][A-Za-z_][A-Za-z_0-9]*[}]|[A-Za-z_][A-Za-z_0-9]*)/)) {
    name = substr($0, RSTART, RLENGTH); gsub(/[^A-Za-z_0-9]/, "", name)
    if (!(name in ENVIRON) && !(name in seen)) { seen[name]; unset = unset (unset ? ", " : "") name }
    printf "%s%s", substr($0, 1, RSTART - 1), ENVIRON[name]
    $0 = substr($0, RSTART + RLENGTH)
  }
  print
} END { if (unset) { print unset; exit 1 } }' "$1") ||
  fail "$1 needs variables that are not set: ${rendered##*$'\n'}"

printf '%s\n' "$rendered" | kubectl apply -f - ||
  fail "kubectl could not apply $1 as $deployment" $?
kubectl rollout status "deployment/$deployment" --timeout="${ROLLOUT_TIMEOUT:-120s}" ||
  fail "$deployment was not rolled out; see: kubectl describe deployment/$deployment" $?
