# Semaphore's own clones from where the repository is; this one, the commit that is rehearsed. As
# there, the shell is in the clone afterwards.

checkout() {
  canary_record stand-in "" checkout "$@"
  # Whoever the repository belongs to, it is the one that is rehearsed.
  local -x GIT_CONFIG_GLOBAL=$CANARY_ROOT/gitconfig
  local git=$CANARY_ROOT/real/git
  if [[ ! -e ${CANARY_REPOSITORY-} ]]; then
    echo "canary: checkout: this run has no repository" >&2
    return 1
  fi
  rm -rf -- "$HOME/${SEMAPHORE_GIT_DIR:?}"
  cd || return
  "$git" clone --quiet --no-checkout -- "$CANARY_REPOSITORY" "$SEMAPHORE_GIT_DIR" || return
  cd "$SEMAPHORE_GIT_DIR" || return
  "$git" remote set-url origin "$SEMAPHORE_GIT_URL"
  if [[ $SEMAPHORE_GIT_REF_TYPE == branch ]]; then
    "$git" checkout --quiet -B "$SEMAPHORE_GIT_BRANCH" "$SEMAPHORE_GIT_SHA" || return
  else
    "$git" checkout --quiet --detach "$SEMAPHORE_GIT_SHA" || return
  fi
  echo "HEAD is now at $SEMAPHORE_GIT_SHA"
}
