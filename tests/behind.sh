#!/bin/sh
# Runs a command in the time that everything else leaves, as `behind.sh make unit`, and ends as it ends.
#
# Linux shares its processors out among sessions first (sched_autogroup), and only within one of them does nice count. So the command
# gets a session of its own, with the least weight that there is. It no longer hears a terminal's Ctrl-C, so it is told of it; by SIGTERM, as
# a shell lets what it starts in the background ignore the other.
set -u

idle=$(chrt --idle 0 echo "chrt --idle 0" 2>/dev/null)
if ! command -v setsid >/dev/null 2>&1; then exec nice -n 19 $idle "$@"; fi

# Of all users but root, one may do so every tenth of a second.
least='
  for try in 1 2 3 4 5 6 7 8 9 10; do
    [ -w /proc/self/autogroup ] || break
    { echo 19 >/proc/self/autogroup; } 2>/dev/null && break
    sleep 0.2
  done
  exec "$@"'
setsid sh -c "$least" sh nice -n 19 $idle "$@" &
child=$!
trap '{ kill -s TERM -- -$child || kill -s TERM $child; } 2>/dev/null' HUP INT TERM

while :; do
  wait $child
  status=$?
  # A signal ends the waiting too.
  kill -0 $child 2>/dev/null || exit $status
done
