# rootfs FILE PACKAGES [mmdebstrap options]: a Debian 12 root file system without documentation, as one tar file.
# Debian 12 whatever the host runs: it is the newest whose systemd and containerd agree with cgroup v1 hosts.
rootfs() {
  local file=$1 packages=$2 sources=() proxy=
  shift 2
  # The host's own mirrors, where it has any for this release: those are known to work here. Never one with a password.
  while read -r uri release; do
    sources+=("deb $uri $release main")
  done < <(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' 2>/dev/null |
    awk '$1 ~ /^https?:/ && $1 !~ /@/ && $2 ~ /^bookworm(-updates|-security)?$/ && $3 == "main" {print $1, $2}' | sort -u)
  [[ " ${sources[*]} " == *" bookworm main "* ]] || sources=()
  eval "$(apt-config shell proxy Acquire::http::Proxy 2>/dev/null)"
  [[ -z $proxy ]] || export http_proxy=$proxy
  # usr-is-merged, and the hook that makes it true: otherwise a converter comes along with all of Perl behind it.
  root mmdebstrap --variant=minbase --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include="usr-is-merged,$packages" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/lintian/*' --dpkgopt='path-exclude=/usr/share/i18n/*' "$@" bookworm - "${sources[@]}" >"$file"
}

# base: a root file system for an image of its own. This machine's certificates take the place of Debian's when it is imported.
base() { rootfs "$@" --customize-hook='rm "$1/etc/ssl/certs/ca-certificates.crt"'; }
