#!/bin/bash
# idle.sh COMMAND...: runs it on the time that nothing else wants.
# Linux shares time among containers and sessions first, and looks at priorities within each. A group that is idle as a whole
# yields to all of them; where none may be made, priority is all that there is.
groups=(/sys/fs/cgroup/cpu/pytest-canary-idle /sys/fs/cgroup/pytest-canary-idle)
idle=(nice -n 19)
if chrt --idle 0 true 2>/dev/null; then idle+=(chrt --idle 0); fi
(
  for group in "${groups[@]}"; do
    if { mkdir -p "$group" && echo 1 >"$group/cpu.idle" && echo "$BASHPID" >"$group/cgroup.procs"; } 2>/dev/null; then break; fi
  done
  exec "${idle[@]}" "$@"
)
code=$?
# One that others are in stays.
rmdir "${groups[@]}" 2>/dev/null
exit "$code"
