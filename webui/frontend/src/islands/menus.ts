/* Menus are details elements; the script closes them as people expect. */

import { all, around } from '../lib/dom';

export function closeMenus(): void {
  document.addEventListener('click', (event) => {
    const inside = around(event, '[data-menu]', HTMLDetailsElement);
    const chosen = around(event, '.menu-list .item', HTMLElement);
    for (const menu of all(document, '[data-menu][open]', HTMLDetailsElement)) {
      if (menu !== inside || chosen) menu.open = false;
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    for (const menu of all(document, '[data-menu][open]', HTMLDetailsElement)) {
      menu.open = false;
      menu.querySelector('summary')?.focus();
    }
  });
  document.addEventListener(
    'toggle',
    (event) => {
      if (event.target instanceof HTMLDetailsElement && event.target.matches('[data-menu][open]')) place(event.target);
    },
    true,
  );
}

/* Upwards where there is no room below. */
function place(menu: HTMLDetailsElement): void {
  const list = menu.querySelector<HTMLElement>('.menu-list');
  if (!list) return;
  list.classList.remove('upwards');
  const room = window.innerHeight - list.getBoundingClientRect().bottom;
  const bar = window.matchMedia('(max-width: 48rem)').matches ? 64 : 8;
  if (room < bar && menu.getBoundingClientRect().top > list.offsetHeight + 64) list.classList.add('upwards');
}
