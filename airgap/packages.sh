#!/bin/bash
# packages.sh COMMAND...: the Debian packages of the commands that are missing, in one go; nothing where all are there.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
missing=()
for command; do
  case $command in
    venv) package=python3-venv; python3 -c 'import ensurepip, venv' 2>/dev/null && continue ;;
    dockerd) package=docker.io ;;
    envsubst) package=gettext-base ;;
    mkfs.ext4) package=e2fsprogs ;;
    ps) package=procps ;;
    debian-keyring) package=debian-archive-keyring; [[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]] && continue ;;
    certificates) package=ca-certificates; [[ -e /etc/ssl/certs/ca-certificates.crt ]] && continue ;;
    browser) package=chromium; for name in chromium chromium-browser google-chrome-stable google-chrome; do type "$name" >/dev/null 2>&1 && continue 2; done ;;
    # Without recommended packages a browser comes with none, and draws no letter.
    fonts) package=fonts-dejavu-core; [[ -n $(fc-list 2>/dev/null || true) || -e /usr/share/fonts/truetype/dejavu ]] && continue ;;
    cc) package=gcc; type cc >/dev/null 2>&1 || missing+=(libc6-dev) ;;
    ip) package=iproute2 ;;
    *) package=$command ;;
  esac
  type "$command" >/dev/null 2>&1 || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0
type apt-get >/dev/null 2>&1 || die "missing: ${missing[*]} (Debian's names). Install them and try again."
root true 2>/dev/null || die "missing: ${missing[*]}. Install them, or run this as root or where sudo asks for no password."
say "installing ${missing[*]}"
log=$(mktemp)
# RUNLEVEL: where no service manager runs, Debian's scripts would start an engine their own way; engine.sh starts it.
manager=(); [[ $(cat /proc/1/comm) == systemd ]] || manager=(RUNLEVEL=1)
if ! { root apt-get -q update &&
  root env DEBIAN_FRONTEND=noninteractive "${manager[@]}" apt-get -q install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
  tail -n 20 "$log" >&2
  die "apt-get failed; all of it is in $log"
fi
rm -f "$log"
