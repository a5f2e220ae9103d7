# A job's own shell reads this first.

. "$CANARY_ROOT/guard.bash"
canary_job_shell=$$
shopt -s extdebug
set +E # which extdebug has set: a job's traps are its own

for canary_each in "$CANARY_ROOT"/functions/*.bash; do
  . "$canary_each"
done
unset canary_each
