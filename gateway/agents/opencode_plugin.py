"""The plugin by which opencode tells its session what it does, in the line that ``hutch-hook`` writes.

https://opencode.ai/docs/plugins. Sessions of subagents do not count: the one a person sees works until they are done.
"""

from __future__ import annotations

from gateway.agents.cli import OwnFile
from gateway.agents.hook_program import VARIABLE

_TEXT = f"""import {{ closeSync, constants, openSync, writeSync }} from 'node:fs';

const told = (event, asks) => {{
  const path = process.env.{VARIABLE};
  if (!path) return;
  const data = Buffer.from(JSON.stringify(asks ? {{ asks: asks.slice(0, 300) }} : {{}})).toString('base64');
  try {{
    const fifo = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    try {{
      writeSync(fifo, JSON.stringify({{ cli: 'opencode', event, data }}) + '\\n');
    }} finally {{
      closeSync(fifo);
    }}
  }} catch {{
    // Nobody listens; that is no reason to disturb the program.
  }}
}};

const asked = (request) => {{
  const what = request.metadata?.command ?? request.metadata?.filepath ?? request.patterns?.[0] ?? request.title ?? '';
  const kind = request.permission ?? request.type ?? 'permission';
  return what ? `${{kind}}: ${{what}}` : `${{kind}}`;
}};

export const Hutch = async () => {{
  const below = new Set();
  return {{
    event: async ({{ event }}) => {{
      const is = event.properties ?? {{}};
      switch (event.type) {{
        case 'session.created':
          if (is.info?.parentID) below.add(is.info.id);
          break;
        case 'session.status':
          if (!below.has(is.sessionID)) told(is.status?.type === 'idle' ? 'idle' : 'working');
          break;
        case 'session.idle':
          if (!below.has(is.sessionID)) told('idle');
          break;
        case 'permission.asked':
        case 'permission.updated':
          told('waiting', asked(is));
          break;
        case 'question.asked':
          told('waiting', is.questions?.[0]?.question ?? 'question');
          break;
        case 'permission.replied':
        case 'question.replied':
        case 'question.rejected':
          told('working');
          break;
      }}
    }},
  }};
}};
"""

PLUGIN = OwnFile("opencode-status.js", _TEXT)
