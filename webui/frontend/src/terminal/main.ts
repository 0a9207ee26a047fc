/* The session page. */

import '@xterm/xterm/css/xterm.css';
import '../styles/terminal.css';
import { maybe } from '../lib/dom';
import { onEvent } from '../lib/events';
import { offerActions } from './actions';
import { Session } from './session';
import { scrollByTouch } from './touch';
import { followViewport } from './viewport';
import { onWaking } from './waking';

const page = maybe(document, '[data-session]', HTMLElement);
if (page) start(page);

function start(page: HTMLElement): void {
  const session = new Session(page);
  offerActions(session);
  scrollByTouch(session.screen.place);
  followViewport(page);
  onWaking(
    () => {
      session.connection.reconnectNow();
    },
    () => {
      session.connection.lose();
    },
  );
  session.connection.connect();
  if (window.matchMedia('(pointer: fine)').matches) session.screen.term.focus();
  followStatus(page);
}

function followStatus(page: HTMLElement): void {
  onEvent('session.changed', (event) => {
    // Session ids are those of a device, so on a hub two devices may have the same.
    if (event.session_id !== page.dataset.session || event.device_id !== page.dataset.deviceId) return;
    const title = page.querySelector('h1');
    const name = page.dataset.deviceId ? event.session_name : event.name;
    if (title && typeof name === 'string') title.textContent = name;
    showStatus(page, String(event.status));
    showAsked(page, event.status === 'waiting' ? event.waiting_for : null);
  });
}

/* What the program asks, where it says so; the terminal itself is where it is answered. */
function showAsked(page: HTMLElement, asked: unknown): void {
  const bar = maybe(page, '[data-asked]', HTMLElement);
  const words = bar && maybe(bar, '[data-asked-words]', HTMLElement);
  if (!bar || !words) return;
  bar.hidden = typeof asked !== 'string' || asked === '';
  words.textContent = typeof asked === 'string' ? asked : '';
}

const STATUS: Readonly<Record<string, [look: string, words: string]>> = {
  starting: ['info busy', 'Starting'],
  working: ['accent busy', 'Working'],
  waiting: ['warn', 'Waiting for you'],
  idle: ['good', 'Idle'],
  ended: ['', 'Ended'],
  failed: ['bad', 'Failed'],
  running: ['good', 'Running'],
};

function showStatus(page: HTMLElement, status: string): void {
  const chip = maybe(page, '[data-session-status] .chip', HTMLElement);
  const known = STATUS[status];
  if (!chip || !known || chip.dataset.status === status) return;
  chip.dataset.status = status;
  chip.className = `chip ${known[0]}`;
  if (chip.lastChild) chip.lastChild.textContent = known[1];
}
