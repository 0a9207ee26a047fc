/* The parts of a message as elements. A view keeps its element and brings it to another value of the same part. */

import { apiAddress } from '../lib/address';
import { make } from '../lib/make';
import { diffElement } from './differences';
import { Markdown } from './markdown';
import type { DiffPart, FilePart, Part, PlanPart, TextPart, ToolPart, ToolState } from './types';

export interface PartView {
  readonly kind: Part['kind'];
  readonly element: HTMLElement;
  show(part: Part, finished: boolean): void;
}

export function viewOf(part: Part, conversation: string, mine: boolean): PartView {
  switch (part.kind) {
    case 'text':
      return mine ? new Said() : new Answer();
    case 'reasoning':
      return new Reasoning();
    case 'tool':
      return new Tool();
    case 'plan':
      return new Plan();
    case 'diff':
      return new Difference(part);
    case 'file':
      return new Attached(part, conversation);
  }
}

/* What a person wrote stands as it was typed. */
class Said implements PartView {
  readonly kind = 'text';
  readonly element = make('p', 'said');

  show(part: Part): void {
    this.element.textContent = (part as TextPart).text;
  }
}

class Answer implements PartView {
  readonly kind = 'text';
  readonly #markdown = new Markdown();
  readonly element = this.#markdown.element;

  show(part: Part, finished: boolean): void {
    this.#markdown.show((part as TextPart).text, finished);
  }
}

class Reasoning implements PartView {
  readonly kind = 'reasoning';
  readonly #markdown = new Markdown();
  readonly #words = make('span', { text: 'Thinking' });
  readonly element = make('details', 'fold reasoning', make('summary', {}, this.#words), this.#markdown.element);

  show(part: Part, finished: boolean): void {
    this.#words.textContent = finished ? 'Thought' : 'Thinking…';
    this.#markdown.show((part as TextPart).text, finished);
  }
}

const STATES: Record<ToolState, [look: string, words: string]> = {
  pending: ['info busy', 'About to run'],
  waiting: ['warn', 'Waiting for you'],
  running: ['accent busy', 'Running'],
  completed: ['good', 'Done'],
  failed: ['bad', 'Failed'],
  cancelled: ['', 'Stopped'],
};

class Tool implements PartView {
  readonly kind = 'tool';
  readonly #title = make('span', 'mono clip');
  readonly #state = make('span', 'chip');
  readonly #input = make('pre', { attrs: { tabindex: '0', role: 'group', 'aria-label': 'What the agent asked for' } });
  readonly #output = make('pre', { attrs: { tabindex: '0', role: 'group', 'aria-label': 'What came of it' } });
  readonly #body = make('div', 'fold-body', this.#input, this.#output);
  readonly element = make(
    'details',
    'fold tool',
    make('summary', {}, make('span', { class: 'tool-mark', attrs: { 'aria-hidden': 'true' } }), this.#title, this.#state),
    this.#body,
  );

  show(part: Part): void {
    const tool = part as ToolPart;
    const [look, words] = STATES[tool.state];
    this.#state.className = `chip ${look}`;
    this.#state.textContent = words;
    const title = tool.title || tool.name;
    this.#title.textContent = title;
    this.#title.title = title;
    this.element.dataset.state = tool.state;
    this.element.dataset.tool = tool.tool_kind;
    text(this.#input, inputWords(tool.input));
    text(this.#output, tool.output);
  }

  /* A tool's diffs stand inside of it. */
  hold(diff: HTMLElement): void {
    this.#body.append(diff);
  }
}

/* Output grows at its end: what is there stays there, with what is selected in it. */
function text(place: HTMLElement, words: string): void {
  place.hidden = words === '';
  const before = place.firstChild;
  if (before instanceof Text && words.startsWith(before.data) && words.length > before.data.length) {
    const atEnd = place.scrollTop + place.clientHeight >= place.scrollHeight - 8;
    before.appendData(words.slice(before.data.length));
    if (atEnd) place.scrollTop = place.scrollHeight;
  } else if (place.textContent !== words) place.textContent = words;
}

export function inputWords(input: string): string {
  try {
    const value: unknown = JSON.parse(input);
    if (value === null || typeof value !== 'object' || Object.keys(value).length === 0) return '';
    if ('command' in value && typeof value.command === 'string') return `$ ${value.command}`;
    return JSON.stringify(value, null, 2);
  } catch {
    return input;
  }
}

class Plan implements PartView {
  readonly kind = 'plan';
  readonly #list = make('ol', 'plan-steps');
  readonly element = make('div', 'plan', make('p', { class: 'small muted', text: 'Plan' }), this.#list);

  show(part: Part): void {
    const words = { pending: 'to do', in_progress: 'in progress', completed: 'done' };
    this.#list.replaceChildren(
      ...(part as PlanPart).entries.map((entry) =>
        make('li', { class: entry.status }, make('span', { class: 'sr', text: `${words[entry.status]}: ` }), entry.content),
      ),
    );
  }
}

class Difference implements PartView {
  readonly kind = 'diff';
  readonly element = make('div', 'diff-part');
  #shown: DiffPart | null = null;

  constructor(part: DiffPart) {
    this.show(part);
  }

  show(part: Part): void {
    const diff = part as DiffPart;
    if (this.#shown?.path === diff.path && this.#shown.new === diff.new && this.#shown.old === diff.old) return;
    const open = this.element.querySelector('details')?.open ?? false;
    this.#shown = diff;
    this.element.replaceChildren(diffElement(diff, open));
  }
}

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

class Attached implements PartView {
  readonly kind = 'file';
  readonly element = make('div', 'attached');

  constructor(part: FilePart, conversation: string) {
    if (part.attachment === null) {
      this.element.append(make('span', { class: 'chip mono', text: `@${part.path ?? part.name}` }));
      return;
    }
    const address = apiAddress(`conversations/${conversation}/attachments/${part.attachment}`);
    const link = make('a', { attrs: { href: address, target: '_blank', rel: 'noopener' } });
    if (PICTURES.has(part.mime)) link.append(make('img', { attrs: { src: address, alt: part.name, loading: 'lazy' } }));
    else link.append(part.name);
    this.element.append(link);
  }

  show(): void {
    // A file that was sent stays as it is.
  }
}

export function holdsDiffs(view: PartView): view is Tool {
  return view instanceof Tool;
}
