/* Markdown to elements, without HTML in between: markdown-it reads, and each token becomes an element we know. Raw HTML
   in the text stays text. Links lead to the web or by mail only; pictures of elsewhere become links. */

import MarkdownIt from 'markdown-it';
import { button, make } from '../lib/make';
import { copyText } from '../lib/clipboard';

type Token = ReturnType<MarkdownIt['parse']>[number];

const reader = new MarkdownIt({ html: false, linkify: true, breaks: true, typographer: false });
reader.validateLink = (url) => /^(https?:\/\/|mailto:)/i.test(url.trim());

const TAGS = new Set(
  ['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li', 'blockquote', 'strong', 'em', 's', 'a', 'hr', 'br'].concat(
    ['table', 'thead', 'tbody', 'tr', 'th', 'td', 'code'],
  ),
);
/* Headings of an answer stand below those of the page. */
const HEADINGS: Record<string, string> = { h1: 'h3', h2: 'h4', h3: 'h5', h4: 'h6', h5: 'h6' };

interface Block {
  source: string;
  node: Node;
}

/* One text that grows: blocks that stay the same keep their elements, with what is selected in them. Only the last two
   are read again when text is added, since nothing before them can change any more. */
export class Markdown {
  readonly element = make('div', 'md');
  #text = '';
  #blocks: (Block & { start: number })[] = [];

  show(text: string, finished: boolean): void {
    if (text === this.#text && !finished) return;
    const keep = !finished && text.startsWith(this.#text) ? Math.max(0, this.#blocks.length - 2) : 0;
    const from = keep > 0 ? (this.#blocks[keep]?.start ?? 0) : 0;
    this.#text = text;
    const fresh = blocksOf(text.slice(from)).map((block) => ({ ...block, start: block.start + from }));
    const wanted = [...this.#blocks.slice(0, keep)];
    for (const [at, block] of fresh.entries()) {
      const before = this.#blocks[keep + at];
      if (before?.source === block.source) {
        wanted.push({ ...before, start: block.start });
        continue;
      }
      const node = elementOf(block.tokens);
      if (before) this.element.replaceChild(node, before.node);
      else this.element.append(node);
      wanted.push({ source: block.source, start: block.start, node });
    }
    for (const gone of this.#blocks.slice(wanted.length)) gone.node.parentNode?.removeChild(gone.node);
    this.#blocks = wanted;
  }
}

interface Read {
  source: string;
  start: number;
  tokens: Token[];
}

/* The blocks of the outermost level, each with its own part of the text. */
export function blocksOf(text: string): Read[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const found: Read[] = [];
  let depth = 0;
  let open: Token[] = [];
  for (const token of reader.parse(text, {})) {
    open.push(token);
    depth += token.nesting;
    if (depth > 0) continue;
    const [first, last] = open[0]?.map ?? [0, 0];
    const start = starts[first] ?? text.length;
    found.push({ source: text.slice(start, starts[last] ?? text.length), start, tokens: open });
    open = [];
  }
  return found;
}

function elementOf(tokens: Token[]): Node {
  const root = document.createElement('div');
  build(tokens, root);
  return root.childNodes.length === 1 && root.firstChild ? root.firstChild : root;
}

function build(tokens: readonly Token[], root: HTMLElement): void {
  const stack = [root];
  for (const token of tokens) {
    const into = stack.at(-1) ?? root;
    if (token.nesting < 0) {
      if (stack.length > 1) stack.pop();
    } else if (token.nesting > 0) {
      const element = opened(token);
      into.append(token.tag === 'table' ? make('div', { class: 'md-table', attrs: { tabindex: '0', role: 'group', 'aria-label': 'Table' } }, element) : element);
      stack.push(element);
    } else leaf(token, into);
  }
}

function opened(token: Token): HTMLElement {
  const tag = HEADINGS[token.tag] ?? token.tag;
  const element = document.createElement(TAGS.has(tag) ? tag : 'div');
  if (token.hidden) element.className = 'tight';
  if (token.tag === 'a') address(element, token.attrGet('href') ?? '');
  const start = token.tag === 'ol' ? token.attrGet('start') : null;
  if (start !== null) element.setAttribute('start', start);
  const align = /text-align:(left|center|right)/.exec(token.attrGet('style') ?? '')?.[1];
  if (align) element.classList.add(`to-${align}`);
  return element;
}

function leaf(token: Token, into: HTMLElement): void {
  switch (token.type) {
    case 'inline':
      build(token.children ?? [], into);
      break;
    case 'fence':
    case 'code_block':
      into.append(codeBlock(token.content, token.info.trim().split(/\s+/)[0] ?? ''));
      break;
    case 'code_inline':
      into.append(make('code', { text: token.content }));
      break;
    case 'softbreak':
    case 'hardbreak':
      into.append(document.createElement('br'));
      break;
    case 'hr':
      into.append(document.createElement('hr'));
      break;
    case 'image': {
      const link = make('a', { text: token.content || 'picture' });
      address(link, token.attrGet('src') ?? '');
      into.append(link);
      break;
    }
    default:
      into.append(document.createTextNode(token.content));
  }
}

function address(link: HTMLElement, href: string): void {
  if (!reader.validateLink(href)) return;
  link.setAttribute('href', href);
  link.setAttribute('rel', 'noopener noreferrer nofollow');
  link.setAttribute('target', '_blank');
}

export function codeBlock(text: string, language: string): HTMLElement {
  const copy = button('Copy', 'button slim quiet', () => {
    void copyText(text).then((done) => {
      copy.textContent = done ? 'Copied' : 'Press Ctrl+C';
    });
  });
  const head = make('div', 'code-head', make('span', { class: 'muted small', text: language || 'text' }), copy);
  const code = make('code', { text: text.replace(/\n$/, '') });
  const label = language ? `Code in ${language}` : 'Code';
  return make(
    'div',
    'code-block',
    head,
    make('pre', { attrs: { tabindex: '0', role: 'group', 'aria-label': label } }, code),
  );
}
