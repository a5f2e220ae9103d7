# What every stand-in begins with: what it was asked goes into the job's record, a JSON object a line.

canary_text() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\r'/\\r}
  text=${text//$'\t'/\\t}
  printf '"%s"' "${text//[[:cntrl:]]/?}"
}

# canary_line KIND WHY PROGRAM ARGUMENT…
canary_line() {
  local kind=$1 why=$2 program=$3 line each comma=''
  shift 3
  line="{\"kind\": \"$kind\", \"why\": $(canary_text "$why"), \"program\": $(canary_text "$program")"
  line+=', "arguments": ['
  for each; do
    line+="$comma$(canary_text "$each")"
    comma=', '
  done
  printf '%s]}\n' "$line"
}

# canary_record KIND WHY PROGRAM ARGUMENT…
canary_record() {
  canary_line "$@" >>"$CANARY_JOB/calls.jsonl"
}

# Asks who runs the jobs, prints what it says, and ends as it says; where nobody listens, at once.
# canary_ask KIND ARGUMENT…
canary_ask() {
  if [[ ! -d $CANARY_ROOT/asks ]]; then return 0; fi
  local place=$CANARY_ROOT/asks/$BASHPID-$RANDOM code text answer
  mkfifo "$place.answer" || return
  # Open before it is asked, so that an answer that comes at once has where to go.
  exec {answer}<>"$place.answer"
  canary_line ask "" "$@" >"$place.new" && mv "$place.new" "$place.json" || return
  read -r code text <&"$answer"
  exec {answer}>&-
  rm -f "$place.answer"
  if [[ $text ]]; then printf '%s\n' "$text"; fi
  return "${code:-1}"
}

# canary_refuse WHY PROGRAM ARGUMENT…; of the arguments nothing is printed, as one may be a secret.
canary_refuse() {
  canary_record refused "$@"
  printf 'canary: refused: %s: %s\n' "$2" "$1" >&2
}

# The first words that are no options, and no values of those that are named.
# canary_words "OPTIONS WITH VALUES" ARGUMENT…
canary_words() {
  local valued=" $1 " words=() skip='' each
  shift
  for each; do
    if [[ $skip ]]; then
      skip=''
    elif [[ $each == -* ]]; then
      if [[ $valued == *" $each "* ]]; then skip=1; fi
    else
      words+=("$each")
    fi
  done
  printf '%s ' "${words[@]}"
}

# The run's kubeconfig, where kubectl is going to look for one.
canary_give_kubeconfig() {
  local place=${KUBECONFIG:-$HOME/.kube/config}
  place=${place%%:*}
  if [[ ! -e ${CANARY_KUBECONFIG-} ]]; then
    echo "canary: this run has no cluster" >&2
    return 1
  fi
  mkdir -p "$(dirname "$place")" && cp "$CANARY_KUBECONFIG" "$place" && chmod 600 "$place"
}

# The password that a cloud's tool makes up for its registry: the run's own, where it has one.
canary_registry_password() {
  cat "$CANARY_ROOT/registry/password" 2>/dev/null || echo rehearsed
}

# Whom a cloud's tool has logged in to its registries, docker is logged in there.
canary_grant_registry() {
  local registry
  if registry=$(type -P canary-registry); then "$registry" grant "$1"; fi
}
