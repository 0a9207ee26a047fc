/* The buttons and keys around the terminal: one table. */

import { all, around } from '../lib/dom';
import { toast } from '../lib/toast';
import { paste } from './copying';
import type { Session } from './session';

type Action = (session: Session) => void;

const ACTIONS: Readonly<Record<string, Action>> = {
  find: (session) => {
    session.find.open();
  },
  copy: (session) => {
    void session.copying.selection().then((done) => {
      toast(done ? 'Copied.' : 'Select text in the terminal first.', done ? 'good' : 'info');
    });
  },
  paste: (session) => {
    void paste(session.page, session.screen);
  },
  take: (session) => {
    session.takeControl();
  },
  /* Whoever takes control of a session that was cut off for its output sees it again. */
  resume: (session) => {
    session.takeControl();
  },
  reconnect: (session) => {
    session.connection.reconnectNow();
  },
  bigger: (session) => {
    changeFont(session, 1);
  },
  smaller: (session) => {
    changeFont(session, -1);
  },
  keys: (session) => {
    session.preferences.keysShown = !session.preferences.keysShown;
    showChoices(session);
  },
  clipboard: (session) => {
    session.preferences.programsMayCopy = !session.preferences.programsMayCopy;
    showChoices(session);
  },
  reader: (session) => {
    session.preferences.screenReader = !session.preferences.screenReader;
    session.screen.term.options.screenReaderMode = session.preferences.screenReader;
    showChoices(session);
  },
};

export function offerActions(session: Session): void {
  session.page.addEventListener('click', (event) => {
    const button = around(event, '[data-do]', HTMLButtonElement);
    if (button) ACTIONS[button.dataset.do ?? '']?.(session);
  });
  session.screen.term.attachCustomKeyEventHandler((event) => takesKey(session, event));
  showChoices(session);
}

/* false keeps a key from the terminal. Ctrl+Shift+V is left to the browser: its own paste needs no permission. */
function takesKey(session: Session, event: KeyboardEvent): boolean {
  if (!event.ctrlKey || !event.shiftKey) return true;
  if (event.code === 'KeyV') return false;
  if (event.code !== 'KeyC' && event.code !== 'KeyF') return true;
  event.preventDefault();
  if (event.type === 'keydown') ACTIONS[event.code === 'KeyC' ? 'copy' : 'find']?.(session);
  return false;
}

function changeFont(session: Session, by: number): void {
  session.preferences.fontSize = session.sizing.fontSize + by;
  session.sizing.fontSize = session.preferences.fontSize;
  session.sizing.soon();
}

function showChoices({ page, preferences }: Session): void {
  const pressed: Record<string, boolean> = {
    keys: preferences.keysShown,
    clipboard: preferences.programsMayCopy,
    reader: preferences.screenReader,
  };
  for (const button of all(page, '[data-do][aria-pressed]', HTMLButtonElement)) {
    button.setAttribute('aria-pressed', String(pressed[button.dataset.do ?? ''] ?? false));
  }
  for (const bar of all(page, '[data-keys]', HTMLElement)) bar.classList.toggle('shown', preferences.keysShown);
}
