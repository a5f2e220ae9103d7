# Shared by setup.sh and the build scripts; bash, sourced.
# An artefact is a folder here with a script `build`; what it makes is kept in the cache under a key of all that went in.
airgap=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pytest-canary/airgap
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # where Debian keeps dockerd and mmdebstrap's tools, and a user's PATH has no sbin

say() { echo "canary: $*" >&2; }
die() { say "$@"; exit 1; }
root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

needs() { # the artefacts that one is made from
  case $1 in
    node) echo kubernetes nodefs podfs ;;
  esac
}

shared() { # the files outside its folder that decide what comes out
  case $1 in
    kind | kubernetes | helm | helm4) echo go.sh ;;
    node) ;;
    golang) echo go.sh rootfs.sh ;;
    *) echo rootfs.sh ;;
  esac
}

key() { # key ARTEFACT: the same for the same content, wherever the clone lies
  {
    (cd "$airgap" && find "$1" $(shared "$1") -type f | LC_ALL=C sort | xargs sha256sum)
    for need in $(needs "$1"); do key "$need"; done
  } | sha256sum | cut -c1-24
}

at() { echo "$cache/$1-$(key "$1")"; }

