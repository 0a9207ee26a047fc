/* Installing an agent CLI without leaving the page: its progress is said where its version will stand. */

import { all, around, maybe, need } from '../lib/dom';
import { Refusal, send } from '../lib/api';
import { onEvent } from '../lib/events';
import { toast } from '../lib/toast';

export function installAgents(): void {
  if (!maybe(document, '[data-install]', HTMLButtonElement)) return;
  document.addEventListener('click', (event) => {
    const button = around(event, '[data-install]', HTMLButtonElement);
    if (!button) return;
    event.preventDefault();
    void install(button);
  });
  onEvent('agent.install_progress', (event) => {
    say(String(event.agent), String(event.line));
  });
  onEvent('agent.installed', (event) => {
    arrived(String(event.agent), typeof event.version === 'string' ? event.version : 'installed');
  });
}

async function install(button: HTMLButtonElement): Promise<void> {
  const agent = button.dataset.install ?? '';
  button.disabled = true;
  say(agent, 'installing…');
  try {
    await send('POST', `/api/agents/${agent}/install`);
  } catch (error) {
    button.disabled = false;
    say(agent, 'not installed');
    toast(error instanceof Refusal ? error.message : 'The installation did not begin. Try again.', 'bad');
  }
}

function rows(agent: string): HTMLElement[] {
  return all(document, '[data-agent]', HTMLElement).filter((row) => row.dataset.agent === agent);
}

function say(agent: string, words: string): void {
  for (const row of rows(agent)) need(row, '[data-agent-says]', HTMLElement).textContent = words;
}

function arrived(agent: string, version: string): void {
  say(agent, version);
  for (const row of rows(agent)) {
    const radio = maybe(row, 'input[type="radio"]', HTMLInputElement);
    if (radio) radio.disabled = false;
    maybe(row, '[data-install]', HTMLButtonElement)?.remove();
  }
}
