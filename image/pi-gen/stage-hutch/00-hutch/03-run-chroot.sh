#!/bin/bash -e
# Called by pi-gen inside of the image: the accounts, the environment, and what starts by itself.
systemd-sysusers hutch.conf

python3 -m venv --clear /opt/hutch
/opt/hutch/bin/pip install --quiet --require-hashes --requirement /usr/share/hutch/runtime.txt
/opt/hutch/bin/pip install --quiet --no-deps /usr/share/hutch/hutch-*.whl
site=$(/opt/hutch/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
ln -sfn /usr/lib/python3/dist-packages/systemd "$site/systemd"
ln -sfn /opt/hutch/bin/hutch /usr/local/bin/hutch
# The units name the release that runs; here there is one.
ln -sfn . /opt/hutch/current
# The daemon starts with optimized bytecode where that is there; it cannot write it itself.
/opt/hutch/bin/python -m compileall -q -o 2 "$site" || true

for unit in hutch.service hutch-agents.service hutch-agents.socket hutch-setup-code.service hutch-setup-code.path; do
  if [ -f "/usr/lib/systemd/system/$unit" ]; then systemctl enable "$unit"; fi
done
