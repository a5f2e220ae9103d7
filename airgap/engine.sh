#!/bin/bash
# A Docker engine on a Debian machine where none answers; returns when one does.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
home=/usr/local/lib/pytest-canary # not in the clone: the engine outlives it
log=/var/log/dockerd.log

runtime() { # runtime FILE: --privileged asks for every capability; where the machine lacks one, this asks for less
  root install -D -m 755 "$airgap/runc-bounded" "$1.new"
  root mv "$1.new" "$1"
}

if bounded=$(docker info -f '{{with index .Runtimes "bounded"}}{{.Path}}{{end}}' 2>/dev/null); then
  # An engine that was started with a clone's own copy fails every container once that clone is gone.
  [[ -z $bounded || -x $bounded ]] || runtime "$bounded"
  exit 0
fi
[[ -z ${DOCKER_HOST:-} ]] || die "no Docker engine answers at DOCKER_HOST, $DOCKER_HOST. Start it, or unset DOCKER_HOST."
type apt-get >/dev/null 2>&1 || die 'no Docker engine answers (`docker info`). Install or start Docker, and try again.'
"$airgap/packages.sh" dockerd containerd runc iptables ps certificates
docker info >/dev/null 2>&1 && exit 0
root true 2>/dev/null || die 'no Docker engine answers (`docker info`). Start it, or run this as root or where sudo asks for no password.'

running() { ps -C "$1" -o stat= | grep -qv '^Z'; } # one that was killed may stay as a zombie

answers() { # answers SECONDS
  for _ in $(seq "$1"); do
    docker info >/dev/null 2>&1 && return
    running dockerd || return
    sleep 1
  done
  return 1
}

start() {
  # A killed engine leaves pid files, and a new one believes them: it refuses to start, or waits for a containerd that is gone.
  root rm -f /var/run/docker.pid /var/run/docker.sock
  file=/var/run/docker/containerd/containerd.pid
  # cmdline: a process that is a zombie still has its name, and no command line.
  if root test -e "$file" && ! grep -q containerd "/proc/$(root cat "$file")/cmdline" 2>/dev/null; then root rm -f "$file"; fi
  # --mtu: of a machine that is itself inside a tunnel.
  # Nothing of the caller stays open in it: whoever reads make's output would wait for its end.
  root setsid -f sh -c 'exec "$@" >"$0" 2>&1 </dev/null' "$log" dockerd --mtu 1400 \
    --add-runtime "bounded=$home/runc-bounded" --default-runtime bounded >/dev/null 2>&1 </dev/null 9>&-
  for _ in $(seq 30); do
    root test -S /var/run/docker.sock && break
    sleep 1
  done
  # Who uses the engine is root on this machine: whoever asked for it, and not everybody of a group that may be everybody's.
  root chown "$(id -un)" /var/run/docker.sock || true
  answers 60
}

began=$SECONDS
if [[ $(cat /proc/1/comm) == systemd ]]; then
  root systemctl start docker || die 'systemd cannot start docker; see: journalctl -u docker'
  answers 60 || die "the engine runs, and does not answer $(id -un): is that user in the group docker?"
elif running dockerd; then
  answers 30 || die "dockerd runs, and does not answer $(id -un); see $log"
else
  runtime "$home/runc-bounded"
  "$airgap/volumes.sh" /var/lib/docker/volumes /var/lib/pytest-canary/volumes.img || true
  if ! start; then
    say 'the engine did not start; once more without what the last one left of its run-time state'
    root pkill -f '^containerd --config /var/run/docker/' || true
    root rm -rf /var/run/docker/containerd || true
    start || { root tail -n 20 "$log" >&2; die "no Docker engine; all of its log is in $log"; }
  fi
fi
say "Docker engine started in $((SECONDS - began)) s (log: $log)"
