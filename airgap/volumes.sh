#!/bin/bash
# volumes.sh FOLDER IMAGE [ROOT]: puts an engine's volumes on a file system of their own, in a file, where the machine's is an
# ext4 without a journal. For each new file such a one goes through all inodes that were freed within the last minute and takes none
# of them (ext4's find_inode_bit): a node that is made soon after another was deleted then takes 10 s longer.
# Nothing is moved and nothing deleted: a folder that has volumes keeps them. ROOT is what /proc and /sys are below, for tests.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
folder=$1 image=$2 below=${3:-}
most=$((32 << 20)) # KiB; the disk has no more of it than was in use at once

stays() {
  say "the engine's volumes stay in $folder, $1: clusters start more slowly there"
  exit 0
}

root mountpoint -q "$folder" && exit 0
root mkdir -p "$folder" || exit 0
read -r type number < <(root findmnt -n -v -o FSTYPE,MAJ:MIN -T "$folder") || exit 0
[[ $type == ext4 && -e $below/sys/dev/block/$number ]] || exit 0
device=$(basename "$(readlink -f "$below/sys/dev/block/$number")")
journals=("$below/proc/fs/jbd2/$device"-*)
[[ ! -e ${journals[0]} ]] || exit 0

volumes=$(root find "$folder" -mindepth 1 -maxdepth 1 -type d) || exit 0
[[ -z $volumes ]] || stays 'which has some already'
if ! root test -e "$image"; then
  free=$(root df --output=avail -k "$folder" 2>/dev/null | tail -n 1) || free=0
  half=$((${free:-0} / 2))
  ((half > 8 << 20)) || stays 'as the disk is too full'
  root mkdir -p "$(dirname "$image")"
  root rm -f "$image.new"
  root truncate -s "$((half < most ? half : most))K" "$image.new"
  "$airgap/packages.sh" mkfs.ext4 && root mkfs.ext4 -q -F -m 0 -E lazy_itable_init=1,lazy_journal_init=1 "$image.new" 2>/dev/null || {
    root rm -f "$image.new"
    stays 'as no other file system can be made'
  }
  root mv "$image.new" "$image"
fi
root mount -o loop,noinit_itable "$image" "$folder" 2>/dev/null || stays "as $image can't be mounted"
