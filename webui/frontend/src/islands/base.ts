/* The styles and the small islands of script that every page has, on the device and on the hub. */

import '../styles/index.css';
import { keepTimesFresh } from '../lib/ago';
import { askFirst } from './ask';
import { readCharts } from './charts';
import { copyButtons } from './copy';
import { openDialogs } from './dialogs';
import { followParts } from './live';
import { closeMenus } from './menus';

export function startPage(): void {
  document.documentElement.classList.add('js');
  closeMenus();
  openDialogs();
  askFirst();
  copyButtons();
  readCharts();
  followParts();
  showCurrentPlace();
  keepTimesFresh();
}

/* The strip of places can be longer than a phone is wide. */
function showCurrentPlace(): void {
  document.querySelector('.side [aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' });
}
