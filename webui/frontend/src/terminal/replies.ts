/* tmux answers what programs ask of their terminal. Every viewer sees the same bytes, so xterm.js must not answer too:
   the program would read as many replies as there are viewers, as if somebody had typed them. */

import type { Terminal } from '@xterm/xterm';

const QUERIES: readonly { prefix?: string; intermediates?: string; final: string }[] = [
  { final: 'c' },
  { prefix: '>', final: 'c' },
  { prefix: '=', final: 'c' },
  { prefix: '>', final: 'q' },
  { final: 'n' },
  { prefix: '?', final: 'n' },
  { intermediates: '$', final: 'p' },
  { prefix: '?', intermediates: '$', final: 'p' },
  { prefix: '?', final: 'u' },
];
/* 4, 10, 11, 12: colours; with "?" they ask, else they set. */
const COLOURS = [4, 10, 11, 12] as const;
const REPORTS = new Set([11, 13, 14, 15, 16, 18, 19, 20, 21]);

export function silenceReplies(term: Terminal): void {
  for (const query of QUERIES) term.parser.registerCsiHandler(query, () => true);
  term.parser.registerCsiHandler({ final: 't' }, (params) => REPORTS.has(Number(params[0])));
  term.parser.registerDcsHandler({ intermediates: '$', final: 'q' }, () => true);
  term.parser.registerDcsHandler({ intermediates: '+', final: 'q' }, () => true);
  for (const code of COLOURS) term.parser.registerOscHandler(code, (data) => data.includes('?'));
}
