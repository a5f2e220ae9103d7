# Each of Semaphore's jobs has a machine of its own, and its ports; here they have one together. So a
# job that starts a service waits until the one that did before has ended: its shell holds the lock.

sem-service() {
  if [[ ${1-} == start && ! ${canary_service_lock-} && -x $CANARY_ROOT/real/flock ]]; then
    exec {canary_service_lock}>"$CANARY_ROOT/service.lock"
    "$CANARY_ROOT/real/flock" "$canary_service_lock"
  fi
  command sem-service "$@"
}
