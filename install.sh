#!/bin/sh
# install.sh: put Hutch on this Debian 12 or 13 machine (amd64 or arm64) as a systemd service, or bring it to a newer
# release. Run again it changes only what is not as it should be. cleanup.sh takes all of it away. docs/install.md.
#
#   --from FILE|URL   the release (hutch-VERSION.bundle, or .tar.gz with its .sig beside it)
#   --hub URL         the hub to join            --listen HOST:PORT  where the device page opens (0.0.0.0:8080)
#   --single-user     agents work in the daemon's own account instead of one of their own
#   --key FILE        public key (PEM) that the release is signed with, where this script does not name it
#   --root DIR        install into the tree DIR, for making images and for tests
set -eu
umask 022
# Filled in by `make release`.
RELEASE_KEY=''
RELEASE_FROM=''

from=$RELEASE_FROM hub='' listen='' single='' key_file='' root=''
work='' undo='' finished='' fresh='' started=''

say() { printf 'hutch: %s\n' "$*"; }
die() {
  printf 'hutch: %s\n' "$*" >&2
  exit 1
}

usage() { sed -n '2,10s/^# \{0,1\}//p' "$0"; }

read_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --single-user) single=yes ;;
      --from | --hub | --listen | --key | --root)
        [ $# -ge 2 ] || die "$1 needs a value."
        case $1 in --from) from=$2 ;; --hub) hub=$2 ;; --listen) listen=$2 ;; --key) key_file=$2 ;; --root) root=${2%/} ;; esac
        shift ;;
      -h | --help) usage; exit 0 ;;
      *) die "There is no option $1. See install.sh --help." ;;
    esac
    shift
  done
  case $hub in '' | http://* | https://*) ;; *) die "--hub takes an address with http:// or https://." ;; esac
  case $listen in '' | *:*[0-9]) ;; *) die "--listen takes HOST:PORT, such as 0.0.0.0:8080." ;; esac
  case "$hub$listen" in *[\"\\\ ]*) die "An address has no quotes, backslashes or spaces in it." ;; esac
}

check_machine() {
  [ "$(id -u)" -eq 0 ] || die "This has to be run as root: sudo sh install.sh …"
  ID='' VERSION_ID=''
  # shellcheck disable=SC1091
  [ ! -r /etc/os-release ] || . /etc/os-release
  case "$ID $VERSION_ID" in
    "debian 12"* | "debian 13"* | "raspbian 12"* | "raspbian 13"*) ;;
    *) die "This is for Debian 12 and 13; here is ${ID:-another system} $VERSION_ID." ;;
  esac
  case $(dpkg --print-architecture) in
    amd64 | arm64) ;;
    *) die "Hutch runs on amd64 and arm64, not on $(dpkg --print-architecture)." ;;
  esac
  [ -n "$root" ] || [ -d /run/systemd/system ] || die "This machine is not run by systemd. Start the daemon by other means."
}

# Undoing: the steps in the order in which they are to be taken back. A path is removed as it is written here.
undo_with() { undo="$*
$undo"; }

end() {
  code=$?
  trap - EXIT INT TERM HUP
  if [ -z "$finished" ] && [ -n "$undo" ]; then
    say "this did not work: taking back what was done" >&2
    printf '%s' "$undo" | while IFS= read -r step; do eval "$step" >/dev/null 2>&1 || :; done
    [ -n "$root" ] || systemctl daemon-reload || :
  fi
  [ -z "$work" ] || rm -rf "$work"
  [ -n "$finished" ] || [ "$code" -ne 0 ] || code=1
  exit "$code"
}

quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

# folder PATH MODE [OWNER]: make a folder, and those above it, where there is none.
folder() {
  made=''
  above=$1
  while [ ! -d "$root$above" ]; do
    made="$above
$made"
    above=$(dirname "$above")
  done
  while IFS= read -r one; do
    [ -n "$one" ] || continue
    mkdir -m "$2" "$root$one"
    undo_with "rmdir $(quoted "$root$one")"
  done <<END
$made
END
  [ $# -lt 3 ] || own "$3" "$root$1"
}

# put FILE PATH MODE: install a file; one that is as it should be is left alone.
put() {
  cmp -s "$1" "$root$2" && return
  folder "$(dirname "$2")" 755
  if [ -e "$root$2" ]; then
    cp -p "$root$2" "$work/kept.$(printf '%s' "$2" | tr / _)"
    undo_with "cp -p $(quoted "$work/kept.$(printf '%s' "$2" | tr / _)") $(quoted "$root$2")"
  else
    undo_with "rm -f $(quoted "$root$2")"
  fi
  install -m "$3" "$1" "$root$2"
  changed=yes
}

# In a tree there are neither accounts nor a running system: the first start of that system makes them.
own() { [ -n "$root" ] || chown "$@"; }
as_hutch() { if [ -n "$root" ]; then "$@"; else setpriv --reuid hutch --regid hutch --init-groups --reset-env "$@"; fi; }

install_programs() {
  missing=''
  for pair in python3:python3 tmux:tmux git:git openssl:openssl setfacl:acl setpriv:util-linux; do
    command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
  done
  python3 -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3-venv"
  [ -n "$root" ] || python3 -c 'import systemd.daemon' 2>/dev/null || missing="$missing python3-systemd"
  [ -n "$root" ] || [ -d /usr/share/polkit-1 ] || missing="$missing polkitd"
  [ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
  case $from in http://* | https://*) command -v curl >/dev/null || missing="$missing curl" ;; esac
  [ -n "$missing" ] || return 0
  say "installing Debian packages:$missing"
  # shellcheck disable=SC2086
  { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing; } \
    </dev/null >"$work/apt.log" 2>&1 || {
    tail -n 15 "$work/apt.log" >&2
    die "apt-get could not install them. Mend what it says above, then run this again."
  }
}

# fetch WHAT TO: a file, or what lies at an address.
fetch() {
  case $1 in
    http://* | https://*) curl -fsSL --retry 3 --proto =http,https -o "$2" "$1" ;;
    *) cp "$1" "$2" ;;
  esac || die "$1 cannot be read. Check --from."
}

find_release() {
  if [ -z "$from" ]; then
    for beside in "$(dirname "$0")"/hutch-*.bundle; do [ ! -f "$beside" ] || from=$beside; done
  fi
  [ -n "$from" ] || die "Which release? Name one with --from FILE or --from URL."
  say "fetching $from"
  case $from in
    *.bundle)
      fetch "$from" "$work/bundle"
      names=$(tar -tf "$work/bundle" 2>/dev/null) || die "$from is no whole release: it was cut short, or is another kind of file."
      archive_name=$(printf '%s\n' "$names" | sed -n 2p)
      [ "$names" = "$archive_name.sig
$archive_name" ] || die "$from is no release of Hutch."
      case $archive_name in */* | -*) die "$from is no release of Hutch." ;; esac
      tar -xOf "$work/bundle" "$archive_name.sig" >"$work/signature"
      tar -xOf "$work/bundle" "$archive_name" >"$work/archive" ;;
    *)
      fetch "$from.sig" "$work/signature"
      fetch "$from" "$work/archive" ;;
  esac
}

stated() { sed -n "s/^$1 //p" "$work/message"; }

# The same as appliance/updates/folders/signature.py, with openssl.
check_release() {
  if [ -n "$RELEASE_KEY" ]; then
    printf -- '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n' "$RELEASE_KEY" >"$work/key.pem"
  elif [ -n "$key_file" ]; then
    cp "$key_file" "$work/key.pem"
  else
    die "This install.sh knows no key. Name the one that the release is signed with: --key FILE."
  fi
  sed '/^signature /,$d' "$work/signature" >"$work/message"
  sed -n 's/^signature //p' "$work/signature" | base64 -d >"$work/raw" 2>/dev/null || :
  if [ "$(head -n 1 "$work/message")" != "hutch release 1" ] || [ ! -s "$work/raw" ]; then
    die "The release is not signed. Nothing was installed; take it from where you trust."
  fi
  openssl pkeyutl -verify -pubin -inkey "$work/key.pem" -rawin -in "$work/message" -sigfile "$work/raw" >/dev/null 2>&1 ||
    die "The release's signature is wrong, or made with another key. Nothing was installed; take it from where you trust."
  [ "$(sha256sum <"$work/archive" | cut -d' ' -f1)" = "$(stated sha256)" ] ||
    die "The release was changed after it was signed, or damaged on its way. Fetch it again."
  version=$(stated version)
  case $version in '' | *[!0-9A-Za-z.+-]* | .*) die "The release has no version that can be used." ;; esac
  mkdir "$work/unpacked"
  tar -xzf "$work/archive" -C "$work/unpacked" --no-same-owner --no-same-permissions
  unpacked=$work/unpacked/hutch-$version
  [ -f "$unpacked/VERSION" ] || die "The release is not whole. Fetch it again."
}

make_accounts() {
  put "$unpacked/packaging/sysusers.d/hutch.conf" /usr/lib/sysusers.d/hutch.conf 644
  put "$unpacked/packaging/tmpfiles.d/hutch.conf" /usr/lib/tmpfiles.d/hutch.conf 644
  put "$unpacked/packaging/sysctl.d/60-hutch.conf" /usr/lib/sysctl.d/60-hutch.conf 644
  [ -z "$root" ] || return 0
  : >"$work/accounts"
  for account in hutch agent; do
    getent passwd "$account" >/dev/null || printf '%s\n' "$account" >>"$work/accounts"
  done
  # What was there before is not cleanup.sh's to take away.
  if [ -s "$work/accounts" ]; then put "$work/accounts" /usr/local/lib/hutch/accounts 644; fi
  while read -r account; do undo_with "userdel $account"; done <"$work/accounts"
  systemd-sysusers /usr/lib/sysusers.d/hutch.conf
  [ -d /home/agent ] || undo_with "rm -rf /home/agent"
  [ -d /var/lib/hutch ] || undo_with "rm -rf /var/lib/hutch; rm -rf /run/hutch-agents"
  [ -z "$single" ] || usermod --shell /bin/bash hutch
  systemd-tmpfiles --create /usr/lib/tmpfiles.d/hutch.conf || :
  sysctl -q -p /usr/lib/sysctl.d/60-hutch.conf >/dev/null 2>&1 || :
}

install_units() {
  units='hutch.service hutch-agents.service hutch-agents.socket'
  for unit in $units; do put "$unpacked/packaging/$unit" "/etc/systemd/system/$unit" 644; done
  releases=$unpacked/packaging/releases
  put "$releases/hutch.service.d/10-releases.conf" /etc/systemd/system/hutch.service.d/10-releases.conf 644
  if [ -n "$single" ]; then
    put "$releases/single-user.conf" /etc/systemd/system/hutch.service.d/20-single-user.conf 644
  else
    rm -f "$root/etc/systemd/system/hutch.service.d/20-single-user.conf"
  fi
  # Root's part in a factory reset; it lies where root alone may write.
  put "$unpacked/packaging/hutch-factory-reset.service" /etc/systemd/system/hutch-factory-reset.service 644
  put "$unpacked/packaging/factory-reset" /usr/lib/hutch/factory-reset 755
  put "$unpacked/packaging/polkit/50-hutch.rules" /etc/polkit-1/rules.d/50-hutch.rules 644
  put "$releases/hutch-start" /usr/local/lib/hutch/hutch-start 755
  put "$releases/hutch" /usr/local/bin/hutch 755
  put "$unpacked/cleanup.sh" /usr/local/lib/hutch/cleanup.sh 755
  put "$work/key.pem" "/etc/hutch/release-keys/$(stated key).pem" 644
}

# setting NAME VALUE: have a line of the settings file say so, in its place; no VALUE, no line.
setting() {
  line=''
  [ -z "$2" ] || line="$1 = \"$2\""
  LINE=$line awk -v name="$1" '
    $0 ~ "^ *" name " *=" { if (ENVIRON["LINE"] != "" && !done) print ENVIRON["LINE"]; done = 1; next }
    { print }
    END { if (ENVIRON["LINE"] != "" && !done) print ENVIRON["LINE"] }
  ' "$work/settings" >"$work/settings.new"
  mv "$work/settings.new" "$work/settings"
}

write_settings() {
  file=/etc/hutch/hutch.toml
  if [ -f "$root$file" ]; then
    cp "$root$file" "$work/settings"
    [ -z "$listen" ] || setting listen "$listen"
  else
    printf '# Settings of this device; each is described in docs/settings.md.\n' >"$work/settings"
    setting listen "${listen:-0.0.0.0:8080}"
  fi
  [ -z "$hub" ] || setting hub "$hub"
  if [ -n "$single" ]; then setting agent_user ''; else setting agent_user agent; fi
  put "$work/settings" "$file" 640
  own root:hutch "$root$file"
}

# The slot that the release which runs does not have.
free_slot() { case $(cat "$root/opt/hutch/current/release.json" 2>/dev/null) in *'"A"'*) echo B ;; *) echo A ;; esac; }

install_release() {
  folder /opt/hutch 755 hutch:hutch
  folder /opt/hutch/releases 755 hutch:hutch
  # While it is held nothing is tidied away there.
  undo_with "rm -f $(quoted "$root/opt/hutch/lock")"
  exec 9>"$root/opt/hutch/lock"
  flock 9
  make_current_or_next
  exec 9>&-
}

make_current_or_next() {
  target=$root/opt/hutch/releases/$version
  running=$(basename "$(readlink "$root/opt/hutch/current" || :)")
  [ -n "$running" ] || fresh=yes
  if [ "$running" = "$version" ] && [ -f "$target/release.json" ]; then
    say "version $version is installed already"
    return
  fi
  say "installing version $version; this takes a few minutes on a small machine"
  # The release is made by the account that it runs as: nothing of it is ever run as root.
  own -R hutch:hutch "$work/unpacked"
  chmod 711 "$work"
  undo_with "rm -rf $(quoted "$target")"
  as_hutch /bin/sh "$unpacked/packaging/releases/make-release-folder" "$unpacked" "$target" "$(free_slot)" ||
    die "The release could not be installed; the reason stands above."
  link=next
  [ -z "$fresh" ] || link=current
  rm -f "$root/opt/hutch/$link.new"
  ln -s "releases/$version" "$root/opt/hutch/$link.new"
  own -h hutch:hutch "$root/opt/hutch/$link.new"
  mv -fT "$root/opt/hutch/$link.new" "$root/opt/hutch/$link"
  undo_with "rm -f $(quoted "$root/opt/hutch/$link")"
  [ -z "$fresh" ] || undo_with "rm -rf $(quoted "$root/opt/hutch/state")"
  changed=yes
}

start() {
  if [ -n "$root" ]; then
    systemctl --root="$root" enable hutch.service hutch-agents.socket hutch-agents.service hutch-factory-reset.service
    return
  fi
  systemctl daemon-reload
  ours='hutch.service hutch-agents.service hutch-agents.socket hutch-factory-reset.service'
  [ -z "$fresh" ] || undo_with "systemctl disable --now $ours"
  if [ -n "$single" ]; then
    systemctl disable --now hutch-agents.service hutch-agents.socket >/dev/null 2>&1 || :
  else
    systemctl enable --now hutch-agents.socket hutch-agents.service
  fi
  systemctl enable hutch.service hutch-factory-reset.service
  if [ -n "$changed" ] || ! systemctl is-active --quiet hutch.service; then
    systemctl restart hutch.service
    started=yes
  fi
}

# Whether the version that runs is the wanted one, and was found good: by the start script, and where there is no
# version before it to go back to, by the same checks from here.
settled() {
  [ "$(basename "$(readlink /opt/hutch/current)")" = "$version" ] || return 1
  if [ -e /opt/hutch/state/trial ] || [ -L /opt/hutch/next ]; then return 1; fi
  [ -z "$fresh" ] || as_hutch /opt/hutch/current/bin/hutch boot-check >"$work/checks" 2>&1
}

taken_back() { [ -z "$fresh" ] && [ "$(head -n 1 /opt/hutch/state/taken-back 2>/dev/null)" = "$version" ]; }

wait_until_good() {
  say "starting, and checking that it works"
  until=$(($(cut -d. -f1 /proc/uptime) + ${HUTCH_INSTALL_SECONDS:-300}))
  until settled; do
    if taken_back; then
      undo='' # the release before runs again, with what was there for it
      die "Version $version was taken back. $(sed 1d /opt/hutch/state/taken-back)"
    fi
    if [ "$(cut -d. -f1 /proc/uptime)" -ge "$until" ]; then
      grep '^FAIL' "$work/checks" >&2 || :
      die "Version $version did not get through its checks. See: journalctl -u hutch"
    fi
    sleep 1
  done
}

tell() {
  port=$(sed -n 's/^listen = ".*:\([0-9]*\)"$/\1/p' "$root/etc/hutch/hutch.toml")
  say "Hutch $version is installed. Its page: http://$(hostname):$port"
  code=$root/var/lib/hutch/setup-code
  [ ! -s "$code" ] || say "Make it yours with the setup code: $(cat "$code")"
  say "Look after it with: sudo hutch status. Take it away with: sudo sh /usr/local/lib/hutch/cleanup.sh"
}

main() {
  changed=''
  read_options "$@"
  check_machine
  work=$(mktemp -d)
  trap end EXIT
  trap 'exit 130' INT TERM HUP
  install_programs
  find_release
  check_release
  say "the release is version $version, signed by $(stated key)"
  make_accounts
  install_release
  install_units
  write_settings
  start
  [ -z "$started" ] || wait_until_good
  finished=yes
  tell
}

main "$@"
