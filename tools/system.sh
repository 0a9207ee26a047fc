# Sourced: the programs that come from the operating system.
# shellcheck shell=bash

# The table: a check, a Debian package that makes it true, and who needs it.
missing_packages() {
  local what=$1
  find_python >/dev/null || printf '%s\n' python3 python3-venv
  command -v tmux >/dev/null || printf '%s\n' tmux
  command -v git >/dev/null || printf '%s\n' git
  [ -e /etc/ssl/certs/ca-certificates.crt ] || printf '%s\n' ca-certificates
  [ "$what" = run ] && return
  command -v chromium >/dev/null || printf '%s\n' chromium fonts-dejavu-core
  command -v ssh-keygen >/dev/null || printf '%s\n' openssh-client
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || printf '%s\n' postgresql
  [ -x /usr/sbin/nats-server ] || printf '%s\n' nats-server
  # What updates are tried with: the real RAUC on a bus of its own.
  command -v rauc >/dev/null || printf '%s\n' rauc
  command -v dbus-daemon >/dev/null || printf '%s\n' dbus-daemon
  command -v mksquashfs >/dev/null || printf '%s\n' squashfs-tools
  command -v openssl >/dev/null || printf '%s\n' openssl
  command -v systemd-analyze >/dev/null || printf '%s\n' systemd
  [ -x /usr/sbin/ip ] || command -v ip >/dev/null || printf '%s\n' iproute2
  has_library libatomic.so.1 || printf '%s\n' libatomic1
}

# has_library NAME: whether programs find it; the browser tests' driver needs one that a bare machine lacks.
has_library() { PATH=$PATH:/sbin:/usr/sbin ldconfig -p | grep "^[[:space:]]*$1 " >/dev/null; }

# find_python: print the interpreter to use. PYTHON=… wins, then Debian's own, then whatever is on PATH.
find_python() {
  local candidate
  for candidate in ${PYTHON:-/usr/bin/python3 python3 python3.13 python3.12 python3.11}; do
    command -v "$candidate" >/dev/null || continue
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

refuse_python() {
  local found
  found=$("${PYTHON:-python3}" -V 2>&1 || true)
  die "Hutch needs Python 3.11, 3.12 or 3.13 with its venv module; found: ${found:-none}." \
    "Install one and name it: make run PYTHON=/path/to/python3.12"
}

ensure_system_packages() {
  local packages
  mapfile -t packages < <(missing_packages "$1")
  if [ ${#packages[@]} -gt 0 ]; then
    install_packages "${packages[@]}"
    mapfile -t packages < <(missing_packages "$1")
  fi
  find_python >/dev/null || refuse_python
  [ ${#packages[@]} -eq 0 ] || die "Still missing after the installation: ${packages[*]}."
}

install_packages() {
  if ! command -v apt-get >/dev/null; then
    die "This machine has no apt-get. Install these programs (Debian's names) yourself, then try again: $*"
  fi
  if [ "$(id -u)" -ne 0 ]; then
    die "Some programs are missing. Install them, then try again:
  sudo apt-get update && sudo apt-get install --no-install-recommends $*"
  fi
  say "installing Debian packages: $*"
  local log
  log=$(mktemp)
  if ! {
    apt-get -q update &&
      DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@"
  } </dev/null >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "apt-get could not install them; the whole log is in $log."
  fi
  rm -f "$log"
}
