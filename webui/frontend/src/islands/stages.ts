/* The stages of a rollout: rows to add and to take out. The names of their fields count from 1. */

import { all, around, maybe, need } from '../lib/dom';

export function buildStages(): void {
  const list = maybe(document, '[data-stages]', HTMLElement);
  if (!list) return;
  const add = need(document, '[data-stage-add]', HTMLButtonElement);
  const template = need(document, 'template[data-stage]', HTMLTemplateElement);
  const most = Number(list.dataset.most ?? 19);
  const count = (): void => {
    const rows = all(list, '.stage', HTMLElement);
    rows.forEach((row, index) => {
      number(row, index + 1);
    });
    add.disabled = rows.length >= most;
  };
  add.addEventListener('click', () => {
    const row = template.content.firstElementChild?.cloneNode(true);
    if (!(row instanceof HTMLElement)) return;
    list.insertBefore(row, list.lastElementChild);
    count();
    row.querySelector('input')?.focus();
  });
  list.addEventListener('click', (event) => {
    const button = around(event, '[data-stage-remove]', HTMLButtonElement);
    if (!button) return;
    button.closest('.stage')?.remove();
    count();
    add.focus();
  });
  count();
}

function number(row: HTMLElement, index: number): void {
  for (const field of all(row, '[name]', HTMLElement)) {
    const name = (field.getAttribute('name') ?? '').replace(/^stage-\d+/, `stage-${index}`);
    field.previousElementSibling?.setAttribute('for', name);
    field.id = name;
    field.setAttribute('name', name);
  }
}
