/* Parts of a page that follow the device or hub: on an event their address is asked again and what changed is put in place. */

import { all } from '../lib/dom';
import { fragment } from '../lib/api';
import { onEvent } from '../lib/events';
import { morph } from '../lib/morph';

const PACE_MS = 700;

export function followParts(): void {
  for (const part of all(document, '[data-live]', HTMLElement)) follow(part);
}

function follow(part: HTMLElement): void {
  const address = part.dataset.live ?? '';
  const refresh = paced(async () => {
    const html = await fragment(address);
    if (html !== null) morph(part, html);
  }, Number(part.dataset.pace ?? PACE_MS));
  for (const type of (part.dataset.on ?? '').split(' ').filter(Boolean)) onEvent(type, refresh);
  onEvent('reset', refresh);
  const every = Number(part.dataset.every ?? 0);
  if (every > 0) window.setInterval(refresh, every * 1000);
}

/* At once when quiet, then at most once per pace; the last call is never lost. */
function paced(run: () => Promise<void>, pace: number): () => void {
  let wanted = 0;
  let busy = false;
  const turns = async (): Promise<void> => {
    busy = true;
    while (wanted > 0) {
      wanted = 0;
      await run();
      await new Promise((done) => window.setTimeout(done, pace));
    }
    busy = false;
  };
  return () => {
    wanted += 1;
    if (wanted > 1 || busy) return;
    if (document.hidden) onceVisible(() => void turns());
    else void turns();
  };
}

let waiting: (() => void)[] = [];

function onceVisible(run: () => void): void {
  if (waiting.length === 0) {
    document.addEventListener(
      'visibilitychange',
      () => {
        const now = waiting;
        waiting = [];
        for (const each of now) each();
      },
      { once: true },
    );
  }
  waiting.push(run);
}
