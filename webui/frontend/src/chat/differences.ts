/* A change of a file: folded, with how many lines came and went; inline on a phone, side by side where there is room. */

import { button, make } from '../lib/make';
import { counts, difference, hunks, paired, type Line } from './lines';

const WIDE = '(min-width: 60rem)';
const KEY = 'hutch.chat.diff';
const MOST_ROWS = 1500;

export interface FileDiff {
  path: string;
  old: string | null;
  new: string;
}

/* Reading both sides is left until somebody looks. */
export function diffElement(diff: FileDiff, open = false): HTMLElement {
  const lines = difference(diff.old ?? '', diff.new);
  const { added, removed } = counts(lines);
  const summary = make(
    'summary',
    'diff-head',
    make('span', { class: 'mono clip', text: diff.path }),
    make('span', 'diff-counts nums', make('span', { class: 'plus', text: `+${added}` }), ' ', make('span', { class: 'minus', text: `−${removed}` })),
    diff.old === null ? make('span', { class: 'chip', text: 'new' }) : null,
  );
  const box = make('details', 'diff', summary);
  const fill = (): void => {
    if (box.open && box.childElementCount === 1) box.append(body(lines, diff.path));
  };
  box.addEventListener('toggle', fill);
  box.open = open;
  fill();
  return box;
}

function body(lines: Line[], path: string): HTMLElement {
  const place = make('div', 'diff-body');
  const draw = (): void => {
    const shown = hunks(lines);
    const cut = shown.slice(0, MOST_ROWS);
    const beside = isBeside();
    place.replaceChildren(
      window.matchMedia(WIDE).matches ? chooser(beside, draw) : '',
      make(
        'div',
        { class: 'diff-scroll', attrs: { tabindex: '0', role: 'group', 'aria-label': `Changes of ${path}` } },
        beside ? besideTable(cut) : inlineTable(cut),
      ),
      shown.length > cut.length ? make('p', { class: 'muted small pad', text: `${shown.length - cut.length} more lines are not shown.` }) : '',
    );
  };
  draw();
  return place;
}

function chooser(beside: boolean, draw: () => void): HTMLElement {
  const switcher = button(beside ? 'Show in one column' : 'Show side by side', 'button slim quiet', () => {
    try {
      window.localStorage.setItem(KEY, beside ? 'inline' : 'beside');
    } catch {
      // A browser that keeps nothing shows what it shows.
    }
    draw();
  });
  return make('div', 'diff-choose', switcher);
}

function isBeside(): boolean {
  if (!window.matchMedia(WIDE).matches) return false;
  try {
    return window.localStorage.getItem(KEY) === 'beside';
  } catch {
    return false;
  }
}

const SIGNS = { ' ': 'unchanged', '-': 'removed', '+': 'added' } as const;

function inlineTable(lines: (Line | null)[]): HTMLElement {
  const rows = lines.map((line) => {
    if (!line) return make('tr', 'gap', make('td', { text: '…', attrs: { colspan: '4' } }));
    return make(
      'tr',
      SIGNS[line.sign],
      number(line.before),
      number(line.after),
      sign(line),
      make('td', { class: 'text', text: line.text }),
    );
  });
  return make('table', 'diff-lines', make('tbody', {}, ...rows));
}

function besideTable(lines: (Line | null)[]): HTMLElement {
  const rows = paired(lines).map(([left, right]) => {
    if (left === null && right === null) return make('tr', 'gap', make('td', { text: '…', attrs: { colspan: '4' } }));
    return make('tr', {}, ...side(left, 'before'), ...side(right, 'after'));
  });
  return make('table', 'diff-lines beside', make('tbody', {}, ...rows));
}

function side(line: Line | null, which: 'before' | 'after'): HTMLElement[] {
  if (!line) return [number(null), make('td', 'text none')];
  const words = line.sign === ' ' ? '' : `${SIGNS[line.sign]}: `;
  const text = make('td', `text ${SIGNS[line.sign]}`, words ? make('span', { class: 'sr', text: words }) : null, line.text);
  return [number(line[which]), text];
}

function sign(line: Line): HTMLElement {
  const words = line.sign === ' ' ? '' : SIGNS[line.sign];
  return make('td', 'sign', make('span', { text: line.sign, attrs: { 'aria-hidden': 'true' } }), words ? make('span', { class: 'sr', text: words }) : null);
}

function number(value: number | null): HTMLElement {
  return make('td', { class: 'number', text: value === null ? '' : String(value) });
}
