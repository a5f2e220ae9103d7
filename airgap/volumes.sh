#!/bin/bash
# volumes.sh FOLDER: puts an engine's volumes on a file system of their own, where the machine's is an ext4 without a journal.
# For each new file such a one goes through all inodes that were freed within the last minute and takes none of them (ext4's
# find_inode_bit): a node that is made soon after another was deleted then takes 10 s longer. Nothing here ends the set-up.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
folder=$1
image=/var/lib/pytest-canary/volumes.img
most=$((32 << 20)) # KiB, of which no more is taken than was in use at once

mountpoint -q "$folder" && exit 0
root mkdir -p "$folder"
read -r type device < <(findmnt -n -o FSTYPE,SOURCE -T "$folder")
[[ $type == ext4 ]] || exit 0
journals=("/proc/fs/jbd2/$(basename "$(readlink -f "$device")")"-*)
[[ ! -e ${journals[0]} ]] || exit 0

put() { # put FOLDER: the file system, mounted there
  root mount -o loop,noinit_itable "$image" "$1" 2>/dev/null
}

make() {
  local half new
  half=$(($(df --output=avail -k "$folder" | tail -n 1) / 2))
  ((half > 8 << 20)) || return
  "$airgap/packages.sh" mkfs.ext4 || return
  root mkdir -p "$(dirname "$image")"
  new=$image.new
  root rm -f "$new"
  root truncate -s "$((half < most ? half : most))K" "$new"
  root mkfs.ext4 -q -F -m 0 -E lazy_itable_init=1,lazy_journal_init=1 "$new" 2>/dev/null || return
  root mv "$new" "$image"
}

move() { # what the engine has by now goes along
  local place
  place=$(mktemp -d)
  put "$place" || { rmdir "$place"; return 1; }
  root cp -a "$folder/." "$place/" || { root umount "$place"; rmdir "$place"; return 1; }
  root umount "$place"
  rmdir "$place"
  root find "$folder" -mindepth 1 -delete
}

if root test -e "$image"; then
  put "$folder" && exit 0
elif make; then
  move && put "$folder" && exit 0
  root rm -f "$image"
fi
say "the engine's volumes stay in $folder, whose file system has no journal: clusters start more slowly there"
