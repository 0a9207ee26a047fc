/* What every page loads: the styles, and small islands of script on pages that work without them. */

import './styles/index.css';
import { keepTimesFresh } from './lib/ago';
import { installAgents } from './islands/agents';
import { askFirst } from './islands/ask';
import { readCharts } from './islands/charts';
import { copyButtons } from './islands/copy';
import { openDialogs } from './islands/dialogs';
import { followParts } from './islands/live';
import { closeMenus } from './islands/menus';
import { uploadFiles } from './islands/uploads';

/* The strip of places can be longer than a phone is wide. */
function showCurrentPlace(): void {
  document.querySelector('.side [aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' });
}

document.documentElement.classList.add('js');
closeMenus();
openDialogs();
askFirst();
copyButtons();
readCharts();
followParts();
installAgents();
uploadFiles();
showCurrentPlace();
keepTimesFresh();
