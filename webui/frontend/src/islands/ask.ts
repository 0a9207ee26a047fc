/* Asks before a form with data-ask is sent. */

import { around } from '../lib/dom';

export function askFirst(): void {
  document.addEventListener('submit', (event) => {
    const form = around(event, 'form[data-ask]', HTMLFormElement);
    if (!form || form.dataset.asked === 'yes') return;
    event.preventDefault();
    void ask(form.dataset.ask ?? '', form.dataset.sure ?? 'Yes').then((sure) => {
      if (!sure) return;
      form.dataset.asked = 'yes';
      form.requestSubmit();
    });
  });
}

function ask(question: string, sure: string): Promise<boolean> {
  const dialog = document.createElement('dialog');
  dialog.className = 'narrow';
  const words = document.createElement('p');
  words.id = 'ask-words';
  words.textContent = question;
  dialog.setAttribute('aria-labelledby', words.id);
  const actions = document.createElement('form');
  actions.method = 'dialog';
  actions.className = 'actions end';
  actions.append(choice('Cancel', 'no', 'button'), choice(sure, 'yes', 'button danger'));
  dialog.append(words, actions);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((decide) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      decide(dialog.returnValue === 'yes');
    });
  });
}

function choice(words: string, value: string, look: string): HTMLButtonElement {
  const button = document.createElement('button');
  button.className = look;
  button.value = value;
  button.textContent = words;
  return button;
}
