/* Installing an agent CLI without leaving the page: how it goes is said where its version will stand. */

import { all, around, maybe, need } from '../lib/dom';
import { apiAddress } from '../lib/address';
import { Refusal, send } from '../lib/api';
import { onEvent } from '../lib/events';
import { toast } from '../lib/toast';

interface Known {
  agents: { agent: string; installed: boolean; version: string | null }[];
}

export function installAgents(): void {
  if (!maybe(document, '[data-install]', HTMLButtonElement)) return;
  document.addEventListener('click', (event) => {
    const button = around(event, '[data-install]', HTMLButtonElement);
    if (!button) return;
    event.preventDefault();
    void install(button.dataset.install ?? '');
  });
  onEvent('agent.install_progress', (event) => {
    goesOn(String(event.agent), String(event.line));
  });
  onEvent('agent.install_failed', (event) => {
    failed(String(event.agent), String(event.message));
  });
  onEvent('agent.installed', (event) => {
    arrived(String(event.agent), typeof event.version === 'string' ? event.version : 'installed');
    toast(`${titleOf(String(event.agent))} is installed.`, 'good');
  });
  onEvent('reset', () => void settle());
}

async function install(agent: string): Promise<void> {
  goesOn(agent, 'Starting…');
  try {
    await send('POST', apiAddress(`agents/${agent}/install`));
  } catch (error) {
    failed(agent, error instanceof Refusal ? error.message : 'The installation did not begin. Try again.');
  }
}

function goesOn(agent: string, words: string): void {
  for (const row of rowsOf(agent)) {
    show(row, 'busy');
    need(row, '[data-agent-says]', HTMLElement).textContent = words;
  }
}

function failed(agent: string, message: string): void {
  for (const row of rowsOf(agent)) {
    show(row, 'failed');
    need(row, '[data-agent-says]', HTMLElement).textContent = 'not installed';
    const button = maybe(row, '[data-install]', HTMLButtonElement);
    if (button) button.textContent = 'Try again';
    need(row, '[data-agent-wrong]', HTMLElement).textContent = message;
  }
}

function arrived(agent: string, version: string): void {
  for (const row of rowsOf(agent)) {
    show(row, 'installed');
    need(row, '[data-agent-says]', HTMLElement).textContent = version;
    const radio = maybe(row, 'input[type="radio"]', HTMLInputElement);
    if (radio) radio.disabled = false;
    const button = maybe(row, '[data-install]', HTMLButtonElement);
    (button?.closest('form[action$="/install"]') ?? button)?.remove();
  }
}

/* Events were missed: what was being installed is there by now, or says so with its next line. */
async function settle(): Promise<void> {
  if (!maybe(document, '[data-agent][aria-busy]', HTMLElement)) return;
  try {
    const known = (await (await send('GET', apiAddress('agents'))).json()) as Known;
    for (const { agent, installed, version } of known.agents) {
      if (installed) arrived(agent, version ?? 'installed');
      else for (const row of rowsOf(agent)) show(row, 'idle');
    }
  } catch {
    // The device is not back yet; it will say when it is.
  }
}

type Stage = 'idle' | 'busy' | 'failed' | 'installed';

function show(row: HTMLElement, stage: Stage): void {
  row.toggleAttribute('aria-busy', stage === 'busy');
  if (stage === 'busy') row.setAttribute('aria-busy', 'true');
  need(row, '[data-agent-bar]', HTMLElement).hidden = stage !== 'busy';
  need(row, '[data-agent-wrong]', HTMLElement).hidden = stage !== 'failed';
  const start = maybe(row, '[data-agent-start]', HTMLElement);
  if (start) start.hidden = stage !== 'installed';
  const button = maybe(row, '[data-install]', HTMLButtonElement);
  if (button) button.disabled = stage === 'busy';
}

function rowsOf(agent: string): HTMLElement[] {
  return all(document, '[data-agent]', HTMLElement).filter((row) => row.dataset.agent === agent);
}

function titleOf(agent: string): string {
  return rowsOf(agent)[0]?.dataset.title ?? agent;
}
