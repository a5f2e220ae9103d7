# Every bash of a job reads this, scripts by BASH_ENV. It refuses what PATH has not, programs that
# are called by their place on the machine, and folders of the machine in PATH.

. "$CANARY_ROOT/lib.bash"

command_not_found_handle() {
  { set +x; } 2>/dev/null # it runs in a shell of its own
  canary_refuse "it is neither allowed nor stood in for; $CANARY_ADVICE" "$@"
  return 127
}

# Leaves in PATH what is the job's own, and puts what it is allowed behind it.
canary_path() {
  local rest=$PATH: kept='' each
  while [[ $rest ]]; do
    each=${rest%%:*}
    rest=${rest#*:}
    if [[ $each == "$CANARY_ROOT/programs" || $each/ == "$CANARY_JOB"/* ]]; then
      kept+=${kept:+:}$each
    fi
  done
  if [[ :$kept: != *":$CANARY_ROOT/programs:"* ]]; then
    kept+=${kept:+:}$CANARY_ROOT/programs
  fi
  PATH=$kept
  canary_seen=$kept
}

# Whether a word names a program that is the machine's, by its place there.
canary_is_the_machines() {
  local word=$1 folder
  if [[ $word != */* || ! -e $word || -d $word ]]; then return 1; fi
  folder=$(cd -- "${word%/*}/" && pwd -P) || return 1
  case $folder/ in
    "$CANARY_JOB"/* | "$CANARY_ROOT"/* | /tmp/*) return 1 ;;
  esac
  # One that the job may call by its name may be called by its place too.
  [[ ! $word -ef $CANARY_ROOT/programs/${word##*/} ]]
}

# Leaves of canary_word what stands behind a value, quoted or not; fails where bash computes it.
canary_skip_value() {
  while [[ $canary_word != [[:space:]]* ]]; do
    case $canary_word in
      \'*)
        canary_word=${canary_word#\'}
        canary_word=${canary_word#*\'}
        ;;
      \"*)
        canary_word=${canary_word#\"}
        if [[ ${canary_word%%\"*} == *[\`\\\(]* ]]; then return 1; fi
        canary_word=${canary_word#*\"}
        ;;
      '' | [\`\\\(]*) return 1 ;;
      *) canary_word=${canary_word#"${canary_word%%[[:space:]\'\"\`\\\(]*}"} ;;
    esac
  done
  canary_word=${canary_word#"${canary_word%%[![:space:]]*}"}
}

# Leaves of canary_word, a command, the word that names its program: what is set for the command
# alone may stand before it, and what runs it in another way.
canary_find_program() {
  while true; do
    case ${canary_word%%[[:space:]]*} in
      command | exec | env | nohup | -*) canary_skip_value || return 1 ;;
      [A-Za-z_]*=*)
        if [[ ${canary_word%%=*} == *[!A-Za-z_0-9]* ]]; then return 0; fi
        canary_word=${canary_word#*=}
        canary_skip_value || return 1
        ;;
      *) return 0 ;;
    esac
  done
}

# Looks at a command before it is run; its arguments are those that the command may name.
canary_guard() {
  if [[ $PATH != "$canary_seen" ]]; then canary_path; fi
  local canary_word=$BASH_COMMAND
  canary_find_program || return 0
  canary_word=${canary_word%%[[:space:]]*}
  # What else a word may come to is not known before bash expands it.
  if [[ $canary_word != *([]A-Za-z_0-9./~\$\{\}\"\'%+@:,[-]) ]]; then return 0; fi
  if [[ $canary_word == *[\$~\"\']* ]]; then
    eval "canary_word=$canary_word" || return 0
    canary_word=${canary_word%%[[:space:]]*}
  fi
  if ! canary_is_the_machines "$canary_word"; then return 0; fi
  canary_record refused "$canary_why" "$canary_word"
  printf 'canary: refused: %s: %s\n' "$canary_word" "$canary_why" >&63
  # In a job's own shell this ends the command, which is sourced; a script is ended as a whole.
  if [[ ${canary_job_shell-} == "$$" ]]; then return 2; fi
  exit 126
}

canary_seen=''
canary_why="it is the machine's own; call it by its name alone, and $CANARY_ADVICE"
set -T
# The last argument is there for $_, which is to stay as it was; nothing of this is traced.
trap '{ canary_guard "$@" "$_"; } 63>&2 2>/dev/null' DEBUG
