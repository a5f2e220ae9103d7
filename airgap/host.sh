# What a base image takes over from this machine, so that pip, npm and go in a `docker build` reach what they reach outside:
# its certificates, and the addresses of its package indexes unless there is a password in them. Sourced.
ca=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
ca_extra=/usr/local/share/ca-certificates
in_image=/etc/ssl/certs/ca-certificates.crt

setting() { # setting pip KEY | npm KEY | go NAME: from the environment, or from the user's or the machine's file
  case $1 in
    pip)
      eval "echo \"\${PIP_$(tr a-z- A-Z_ <<<"$2"):-}\"" | grep . ||
        cat /etc/pip.conf "$HOME/.pip/pip.conf" "${XDG_CONFIG_HOME:-$HOME/.config}/pip/pip.conf" 2>/dev/null |
        sed -n "s/^ *$2 *[=:] *//p" | tail -n 1
      ;;
    npm)
      echo "${npm_config_registry:-${NPM_CONFIG_REGISTRY:-}}" | grep . ||
        cat /etc/npmrc "$HOME/.npmrc" 2>/dev/null | sed -n "s/^ *$2 *= *//p" | tail -n 1
      ;;
    go)
      echo "${!2:-}" | grep . ||
        cat "${GOENV:-${XDG_CONFIG_HOME:-$HOME/.config}/go/env}" 2>/dev/null | sed -n "s/^$2=//p"
      ;;
  esac
}

host_settings() {
  local name value
  for name in index-url extra-index-url trusted-host; do
    value=$(setting pip $name) && [[ -n $value ]] && echo "PIP_$(tr a-z- A-Z_ <<<"$name")=$value"
  done
  value=$(setting npm registry) && [[ -n $value ]] && echo "NPM_CONFIG_REGISTRY=$value"
  value=$(setting go GOPROXY) && [[ -n $value ]] && echo "GOPROXY=$value"
  return 0
}

host_config() {
  echo "ENV SSL_CERT_FILE=$in_image PIP_CERT=$in_image REQUESTS_CA_BUNDLE=$in_image NODE_EXTRA_CA_CERTS=$in_image"
  host_settings | grep -v @ | sed 's/\([^=]*\)=\(.*\)/ENV \1="\2"/' || true
}

host_notes() {
  host_settings | grep @ | while IFS='=' read -r name _; do
    say "$name holds a password or token, so it stays out of the base images: pass it to your builds as a build argument"
  done || true
}

host_files() { # host_files FOLDER
  mkdir -p "$1/etc/ssl/certs" "$1/$ca_extra"
  cp "$ca" "$1$in_image"
  cp "$ca_extra"/*.crt "$1/$ca_extra/" 2>/dev/null || true
  chmod -R u=rwX,go=rX "$1"
}

host_key() { { cat "$ca" "$ca_extra"/*.crt 2>/dev/null || true; host_config; } | sha256sum | cut -c1-12; }
