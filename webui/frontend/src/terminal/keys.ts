/* Which bytes a key of the key bar stands for (xterm control sequences; cursor keys as the program asked for them). */

export interface Modifiers {
  ctrl: boolean;
  alt: boolean;
}

const PLAIN: Readonly<Record<string, string>> = {
  escape: '\x1b',
  tab: '\t',
  'back-tab': '\x1b[Z',
  enter: '\r',
  interrupt: '\x03',
  eof: '\x04',
  suspend: '\x1a',
  'page-up': '\x1b[5~',
  'page-down': '\x1b[6~',
};
const CURSOR: Readonly<Record<string, string>> = { up: 'A', down: 'B', right: 'C', left: 'D', home: 'H', end: 'F' };

export function bytesOfKey(key: string, modifiers: Modifiers, application: boolean): string {
  const plain = PLAIN[key];
  if (plain !== undefined) return modifiers.alt ? `\x1b${plain}` : plain;
  const letter = CURSOR[key] ?? '';
  const code = 1 + (modifiers.alt ? 2 : 0) + (modifiers.ctrl ? 4 : 0);
  if (code > 1) return `\x1b[1;${code}${letter}`;
  return `\x1b${application ? 'O' : '['}${letter}`;
}

/* What typed text becomes while Ctrl or Alt of the key bar are down; only its first character is changed. */
export function modified(text: string, modifiers: Modifiers): string {
  const [first = '', ...rest] = text;
  const changed = modifiers.ctrl ? controlOf(first) : first;
  return `${modifiers.alt ? '\x1b' : ''}${changed}${rest.join('')}`;
}

function controlOf(character: string): string {
  if (character === ' ') return '\x00';
  if (character === '?') return '\x7f';
  const code = character.toUpperCase().charCodeAt(0);
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code - 0x40) : character;
}
