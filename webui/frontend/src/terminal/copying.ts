/* Copy and paste: what is selected is copied, programs may copy only when the person allows it, nobody may read. */

import { copyText, readText } from '../lib/clipboard';
import { need } from '../lib/dom';
import { toast } from '../lib/toast';
import type { Preferences } from './preferences';
import type { Screen } from './screen';

const LONGEST = 1024 * 1024;

export class Copying {
  #asked = false;

  constructor(
    readonly screen: Screen,
    readonly preferences: Preferences,
  ) {
    screen.place.addEventListener('mouseup', () => {
      // xterm.js settles its selection on the same event.
      window.setTimeout(() => void this.selection(), 0);
    });
    screen.term.parser.registerOscHandler(52, (data) => {
      this.#program(data);
      return true;
    });
  }

  async selection(): Promise<boolean> {
    const text = this.screen.term.getSelection();
    return text !== '' && (await copyText(text));
  }

  /* OSC 52 (xterm): "SELECTION;BASE64"; "?" asks for the clipboard, which is never given. */
  #program(data: string): void {
    const encoded = data.slice(data.indexOf(';') + 1);
    if (encoded === '?' || encoded.length > LONGEST) return;
    const text = decoded(encoded);
    if (text === null) return;
    if (this.preferences.programsMayCopy) void copyText(text);
    else this.#offer(text);
  }

  #offer(text: string): void {
    if (this.#asked) return;
    this.#asked = true;
    toast('The program in this session wants to copy to your clipboard.', 'info', {
      words: 'Allow',
      run: () => {
        this.preferences.programsMayCopy = true;
        void copyText(text);
      },
    });
  }
}

function decoded(encoded: string): string | null {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0)));
  } catch {
    return null;
  }
}

/* Pastes from the clipboard where the page may read it, else through a box that the person pastes into. */
export async function paste(page: HTMLElement, screen: Screen): Promise<void> {
  const text = await readText();
  if (text !== null) {
    screen.term.paste(text);
    screen.term.focus();
    return;
  }
  const dialog = need(page, '#paste-dialog', HTMLDialogElement);
  const field = need(dialog, '#paste-text', HTMLTextAreaElement);
  const button = need(dialog, '[data-paste-send]', HTMLButtonElement);
  button.onclick = () => {
    screen.term.paste(field.value);
    field.value = '';
    dialog.close();
    screen.term.focus();
  };
  dialog.showModal();
  field.focus();
}
