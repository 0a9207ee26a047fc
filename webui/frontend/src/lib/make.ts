/* Elements in one line each. Text is always text: nothing here reads HTML. */

type Child = Node | string | null | undefined | false;

export interface Made {
  class?: string;
  text?: string;
  hidden?: boolean;
  attrs?: Record<string, string>;
  data?: Record<string, string>;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  made: Made | string = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  const options = typeof made === 'string' ? { class: made } : made;
  if (options.class) element.className = options.class;
  if (options.text !== undefined) element.textContent = options.text;
  if (options.hidden) element.hidden = true;
  for (const [name, value] of Object.entries(options.attrs ?? {})) element.setAttribute(name, value);
  for (const [name, value] of Object.entries(options.data ?? {})) element.dataset[name] = value;
  for (const child of children) if (child) element.append(child);
  return element;
}

export function button(words: string, look: string, press: () => void): HTMLButtonElement {
  const element = make('button', { class: look, text: words, attrs: { type: 'button' } });
  element.addEventListener('click', press);
  return element;
}
