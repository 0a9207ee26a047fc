#!/usr/bin/env bash
# release-key.sh [FILE]: make the Ed25519 key that release archives are signed with, once, in keys/release.pem.
set -euo pipefail
# shellcheck source=tools/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

file=${1:-${RELEASE_KEY:-$ROOT/keys/release.pem}}
[ ! -e "$file" ] || die "$file is there already. Installations trust it: keep it, or name another file."
command -v openssl >/dev/null || die "openssl is missing. Install it, then try again."
umask 077
mkdir -p "$(dirname "$file")"
openssl genpkey -algorithm ed25519 -out "$file.new"
mv "$file.new" "$file"
openssl pkey -in "$file" -pubout -out "${file%.pem}.pub.pem"
say "made $file; keep it to yourself. Installations trust ${file%.pem}.pub.pem."
