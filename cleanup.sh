#!/bin/sh
# cleanup.sh: take away what install.sh put on this machine, and leave people's files where they are.
#
#   --keep-data   leave the device itself too: its store, keys and settings (/var/lib/hutch, /etc/hutch)
#   --root DIR    clean the tree DIR, as with install.sh
set -eu
root='' keep=''

say() { printf 'hutch: %s\n' "$*"; }
die() {
  printf 'hutch: %s\n' "$*" >&2
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
    --keep-data) keep=yes ;;
    --root)
      [ $# -ge 2 ] || die "--root needs a folder."
      root=${2%/}
      shift ;;
    -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "There is no option $1. See cleanup.sh --help." ;;
  esac
  shift
done
[ "$(id -u)" -eq 0 ] || die "This has to be run as root: sudo sh cleanup.sh"

made=$(cat "$root/usr/local/lib/hutch/accounts" 2>/dev/null || :)

# made_here ACCOUNT: whether install.sh made it.
made_here() { printf '%s\n' "$made" | grep -qx "$1" && getent passwd "$1" >/dev/null; }

# Sessions outlive the service; what still runs in the accounts that were made here ends now.
stop_all() {
  systemctl disable --now hutch.service hutch-agents.service hutch-agents.socket hutch-factory-reset.service \
    >/dev/null 2>&1 || :
  for account in agent hutch; do
    if made_here "$account"; then pkill -KILL -u "$account" >/dev/null 2>&1 || :; fi
  done
}

# What belongs to nobody any more would one day belong to whoever gets that number: root keeps it.
leave_to_root() {
  [ -d "$1" ] || return 0
  chown -R -h root:root "$1"
  setfacl -R -b "$1" 2>/dev/null || :
  say "people's files are left in $1, and belong to root now"
}

remove_accounts() {
  rm -rf /home/agent/.hutch
  if made_here agent; then
    userdel agent >/dev/null 2>&1 || :
    leave_to_root /home/agent
  fi
  if [ -z "$keep" ] && made_here hutch; then userdel hutch >/dev/null 2>&1 || :; fi
  groupdel hutch-agents >/dev/null 2>&1 || :
}

[ -n "$root" ] || stop_all
say "removing the service and its releases"
for unit in hutch.service hutch-agents.service hutch-agents.socket hutch-factory-reset.service; do
  rm -f "$root/etc/systemd/system/$unit" "$root/etc/systemd/system"/*.wants/"$unit"
done
rm -rf "$root/etc/systemd/system/hutch.service.d" "$root/opt/hutch" "$root/usr/local/lib/hutch" \
  "$root/usr/lib/hutch" "$root/run/hutch-agents"
rm -f "$root/var/log/hutch-factory-reset.log" \
  "$root/etc/polkit-1/rules.d/50-hutch.rules" "$root/usr/lib/sysusers.d/hutch.conf" \
  "$root/usr/lib/tmpfiles.d/hutch.conf" "$root/usr/lib/sysctl.d/60-hutch.conf" "$root/usr/local/bin/hutch"
[ -n "$root" ] || systemctl daemon-reload || :

data=$root/var/lib/hutch
if [ -n "$keep" ]; then
  say "the device's data is left in $data, and its settings in $root/etc/hutch"
else
  rm -rf "$root/etc/hutch"
  if [ -d "$data" ]; then
    # With --single-user people's files lie in the data folder.
    find "$data" -mindepth 1 -maxdepth 1 ! -name workspace -exec rm -rf {} +
    if [ -n "$(ls -A "$data/workspace" 2>/dev/null)" ]; then
      if [ -n "$root" ]; then say "people's files are left in $data/workspace"; else leave_to_root "$data/workspace"; fi
    else
      rm -rf "$data"
    fi
  fi
fi
if [ -z "$root" ]; then
  remove_accounts
elif [ -d "$root/home/agent" ]; then
  rm -rf "$root/home/agent/.hutch"
  say "people's files are left in $root/home/agent"
fi
say "Hutch is gone. Debian's packages (python3, tmux, git and others) stay, as other programs may use them."
