/* The events of the device or hub, over one stream for the whole page. It begins where the page says that it was made:
   what happened between then and the first connection is told, too. */

import { apiAddress } from './address';
import { checkLogin } from './login';

export interface DeviceEvent {
  type: string;
  [field: string]: unknown;
}

const REOPEN_MS = 5000;

type Listener = (event: DeviceEvent) => void;

const listeners = new Map<string, Set<Listener>>();
let source: EventSource | null = null;

/* Calls back for events of a type, and for `reset`: something was missed, load anew what you show. */
export function onEvent(type: string, listener: Listener): void {
  const known = listeners.get(type) ?? new Set();
  known.add(listener);
  listeners.set(type, known);
  source ??= open(document.documentElement.dataset.events);
}

function open(after?: string): EventSource {
  const query = after ? `?last_event_id=${encodeURIComponent(after)}` : '';
  const stream = new EventSource(apiAddress(`events${query}`));
  let lost = false;
  stream.addEventListener('message', (message: MessageEvent<string>) => {
    const event = JSON.parse(message.data) as DeviceEvent;
    tell(event.type, event);
  });
  stream.addEventListener('reset', () => {
    tell('reset', { type: 'reset' });
  });
  stream.addEventListener('error', () => {
    lost = true;
    if (stream.readyState === EventSource.CLOSED) {
      // Refused for good: the stream does not say why.
      void checkLogin();
      window.setTimeout(reopen, REOPEN_MS);
    }
    document.documentElement.classList.add('no-events');
  });
  stream.addEventListener('open', () => {
    document.documentElement.classList.remove('no-events');
    if (lost) tell('reset', { type: 'reset' });
    lost = false;
  });
  return stream;
}

function reopen(): void {
  source = open();
  tell('reset', { type: 'reset' });
}

function tell(type: string, event: DeviceEvent): void {
  for (const listener of listeners.get(type) ?? []) listener(event);
}
