/* What a turn took, at its answer: the sum in a line, the rest folded. */

import { make } from '../lib/make';
import type { Usage } from './types';

const ROWS: readonly (readonly [keyof Usage, string])[] = [
  ['input_tokens', 'Tokens in'],
  ['cached_tokens', 'of them from a cache'],
  ['output_tokens', 'Tokens out'],
  ['reasoning_tokens', 'of them thinking'],
  ['context_tokens', 'Context in use'],
  ['context_limit', 'Context there is'],
];

export class UsageView {
  readonly #sum = make('summary', 'nums');
  readonly #rows = make('dl', 'usage-rows');
  readonly element = make('details', { class: 'usage small muted', hidden: true }, this.#sum, this.#rows);

  show(usage: Usage | null): void {
    const words = usage === null ? '' : usageWords(usage);
    this.element.hidden = words === '';
    if (usage === null || words === this.#sum.textContent) return;
    this.#sum.textContent = words;
    this.#rows.replaceChildren(...rowsOf(usage));
  }
}

function rowsOf(usage: Usage): HTMLElement[] {
  const rows: [string, string][] = [];
  if (usage.model !== null) rows.push(['Model', usage.model]);
  for (const [name, words] of ROWS) {
    const value = usage[name];
    if (typeof value === 'number') rows.push([words, value.toLocaleString('en')]);
  }
  if (usage.cost_usd !== null) rows.push(['Cost', dollars(usage.cost_usd)]);
  return rows.map(([name, value]) => make('div', {}, make('dt', { text: name }), make('dd', { class: 'nums', text: value })));
}

/* Empty where the CLI told nothing. */
export function usageWords(usage: Usage): string {
  const words: string[] = [];
  if (usage.input_tokens !== null) words.push(`${count(usage.input_tokens)} tokens in`);
  if (usage.output_tokens !== null) words.push(`${count(usage.output_tokens)} out`);
  if (usage.cost_usd !== null) words.push(dollars(usage.cost_usd));
  if (usage.context_tokens !== null && usage.context_limit) {
    words.push(`context ${Math.round((100 * usage.context_tokens) / usage.context_limit)} %`);
  }
  return words.join(' · ');
}

function count(value: number): string {
  return value < 10_000 ? value.toLocaleString('en') : `${Math.round(value / 1000)}k`;
}

function dollars(value: number): string {
  return `$${value < 0.1 ? value.toFixed(4) : value.toFixed(2)}`;
}
