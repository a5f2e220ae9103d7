#!/bin/bash
# Make sure of an engine and of the images that a walk needs, and say in airgap/env where things are.
# CANARY_AIRGAP=1 builds from package registries even where a container registry is in reach; =0 never does.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$airgap/host.sh"
images=(python postgres nodejs golang registry)
host_key=$(host_key)

image() { # the name of an artefact's image
  case $1 in
    node) echo "kindest/node:$(cat "$airgap/kubernetes/version")" ;;
    python) echo pytest-canary/python:3.11 ;;
    postgres) echo pytest-canary/postgres:15 ;;
    nodejs) echo pytest-canary/nodejs:18 ;;
    golang) echo pytest-canary/golang:1 ;;
    registry) echo pytest-canary/registry:2 ;;
  esac
}

image_key() { # a base image also holds what the host says of certificates and indexes
  case $1 in
    node) key node ;;
    *) echo "$(key "$1")-$host_key" ;;
  esac
}

in_engine() { # in_engine ARTEFACT...: the engine has their images, of just this content
  local wanted='' names=() name
  for name; do
    wanted+="$(image_key "$name")"$'\n'
    names+=("$(image "$name")")
  done
  [[ $(docker image inspect -f '{{index .Config.Labels "pytest-canary.key"}}' "${names[@]}" 2>/dev/null) == "${wanted%$'\n'}" ]]
}

write_env() { # write_env yes|no
  local file=$airgap/env
  {
    echo "# made by airgap/setup.sh; airgap: $1"
    if [[ $1 == yes ]]; then
      touch -c "$(at kind)" "$(at kubernetes)" "$(at helm)" "$(at helm4)" # in use, so not to be swept away
      printf 'export PATH="%s:%s:%s:$PATH"\n' "$(at kind)" "$(at kubernetes)" "$(at helm)"
      echo "export HELM4=$(at helm4)"
      echo "export NODE_IMAGE=$(image node)"
      for name in "${images[@]}"; do
        echo "export $(tr a-z A-Z <<<"$name")_IMAGE=$(image "$name")"
      done
      echo "export CANARY_OPTIONS=\"--kind-image=$(image node) --canary-config=airgap/canary.toml\""
    else
      echo 'export NODE_IMAGE= HELM4='
      echo 'export PYTHON_IMAGE=python:3.13-slim POSTGRES_IMAGE=postgres:17 NODEJS_IMAGE=node:22-slim GOLANG_IMAGE=golang:1.25 REGISTRY_IMAGE=registry:2'
      echo 'export CANARY_OPTIONS='
    fi
  } >"$file.$$"
  cmp -s "$file.$$" "$file" && rm "$file.$$" || mv "$file.$$" "$file"
}

# An earlier call's answer holds as long as the engine does; that of an airgapped one also needs its images.
ready() {
  [[ -e $(at kind)/kind && -e $(at kubernetes)/kubectl && -e $(at helm)/helm && -e $(at helm4)/helm ]] && in_engine node "${images[@]}"
}
decided=$(sed -n '1s/.*airgap: //p' "$airgap/env" 2>/dev/null || true)
case ${CANARY_AIRGAP:-} in
  1) wanted=yes ;;
  0) wanted=no ;;
  '') wanted=$decided ;;
  *) die "CANARY_AIRGAP is '$CANARY_AIRGAP'; allowed are 1 (build from package registries), 0 (pull), or nothing (find out)" ;;
esac
if [[ $wanted == no ]] && docker info >/dev/null 2>&1; then write_env no; exit 0; fi
if [[ $wanted != no ]] && ready; then write_env yes; exit 0; fi

mkdir -p "$cache"
if type flock >/dev/null 2>&1; then
  exec 9>"$cache/lock"
  flock -n 9 || { say 'another set-up is at work; waiting for it'; flock 9; }
fi
"$airgap/engine.sh" 9>&-

pulled() { # a small image from a container registry, or a node image that once came from one
  [[ -n $(docker image ls --digests --format '{{.Digest}}' kindest/node | grep -v '<none>') ]] ||
    timeout 30 docker pull -q hello-world >/dev/null 2>&1
}
if [[ -z $wanted ]]; then
  if ready; then wanted=yes; elif pulled; then wanted=no; else wanted=yes; fi
fi
if [[ $wanted == no ]]; then write_env no; exit 0; fi
if ready; then write_env yes; exit 0; fi

[[ $(uname -s) == Linux ]] && type apt-get >/dev/null 2>&1 ||
  die 'no container registry is in reach, and building without one takes Debian or Ubuntu with apt-get. Pull kindest/node on this machine first, or set a registry mirror in the engine.'
"$airgap/packages.sh" mmdebstrap tar venv certificates debian-keyring 9>&-
host_key=$(host_key)

made() { # made ARTEFACT TEXT: build it, unless the cache has it; never half of it
  local to scratch began=$SECONDS
  to=$(at "$1")
  if [[ -e $to ]]; then touch "$to"; return; fi
  # A name of its own: what a killed set-up left running may still write to the old one.
  rm -rf "$cache/tmp-$1".*
  scratch=$cache/tmp-$1.$$
  mkdir "$scratch"
  if ! "$airgap/$1/build" "$scratch" >"$cache/$1.log" 2>&1 </dev/null; then
    tail -n 25 "$cache/$1.log" >&2
    die "building $1 failed; all of it is in $cache/$1.log"
  fi
  mv "$scratch" "$to"
  say "$2: built in $((SECONDS - began)) s"
}

imported() { # imported ARTEFACT: its root file system with the host's certificates and settings, as an image of one layer
  local from scratch=$cache/tmp-image old
  in_engine "$1" && return
  from=$(at "$1")
  rm -rf "$scratch"
  mkdir "$scratch"
  cp "$from/rootfs.tar" "$scratch/rootfs.tar"
  host_files "$scratch/host"
  # Files alone: an image's tar must not name a folder twice.
  (cd "$scratch/host" && find . -type f -print0 | tar rf ../rootfs.tar --owner=0 --group=0 --null -T -)
  old=$(docker image ls -q "$(image "$1")")
  docker import "$scratch/rootfs.tar" canary-base >/dev/null
  { echo FROM canary-base; cat "$from/config"; host_config; echo "LABEL pytest-canary.key=$(image_key "$1")"; } |
    DOCKER_BUILDKIT=0 docker build -q -t "$(image "$1")" - >"$cache/$1.log" 2>&1 || { cat "$cache/$1.log" >&2; return 1; }
  docker rmi canary-base >/dev/null
  [[ -z $old ]] || docker rmi "$old" >/dev/null 2>&1 || true # still there where something uses it
  rm -rf "$scratch"
}

if [[ ! -e $(at kubernetes) ]]; then
  say "building kind, kubectl, helm, $(image node) and five base images from package registries (about 8 minutes, once; progress in $cache/*.log)"
fi
host_notes
began=$SECONDS
# Compiling leaves gaps, and the others mostly wait for the network and the disk: side by side. Process groups of their
# own (set -m), because otherwise what they started would go on after Ctrl-C.
trap 'for lane in $(jobs -p); do kill -- "-$lane" 2>/dev/null || true; done' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
set -m
{
  made kind kind
  made kubernetes "kubectl, and all of Kubernetes for the node"
  made helm "helm 3"
  made helm4 "helm 4"
} 9>&- &
compiled=$!
{
  made nodefs "the node's root file system"
  made podfs "its pods' root file system"
  for name in "${images[@]}"; do
    made "$name" "$(image "$name")"
    imported "$name"
  done
} 9>&- &
based=$!
set +m
wait $based || failed=1
wait $compiled || failed=1
[[ -z ${failed:-} ]] || exit 1
if ! in_engine node; then
  rm -rf "$(at node)" # the cache knows of it, the engine lost it
  IMAGE_KEY=$(image_key node) made node "$(image node)" 9>&-
fi
ready || die "built, and still not complete: see $cache/*.log"
# What no set-up has used for a month was made from files that are gone.
find "$cache" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf {} +
write_env yes
say "everything is there after $((SECONDS - began)) s"
