/* What to write to a terminal that was just reset so that it shows a snapshot. */

import type { TerminalSnapshot } from '../generated/terminal';

const ALTERNATE = '\x1b[?1049h';

export function replay(snapshot: TerminalSnapshot): string {
  const enters = snapshot.alternate_on && !snapshot.content.includes(ALTERNATE);
  return `${enters ? `${ALTERNATE}\x1b[H` : ''}${snapshot.content}${snapshot.modes}`;
}
