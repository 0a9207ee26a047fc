/* This browser asks to be told (Push API, W3C). Only on https, or on the device itself: elsewhere browsers have no push. */

import { apiAddress, pageAddress } from '../lib/address';
import { Refusal, send } from '../lib/api';
import { maybe, need } from '../lib/dom';

export function tellThisBrowser(): void {
  const place = maybe(document, '[data-push]', HTMLElement);
  if (!place) return;
  const reason = whyNot(place.dataset.pushElsewhere !== undefined);
  if (reason) {
    say(place, reason);
    return;
  }
  const start = need(place, '[data-push-start]', HTMLButtonElement);
  start.addEventListener('click', () => {
    start.disabled = true;
    void subscribe(place).finally(() => {
      start.disabled = false;
    });
  });
  void current().then((subscription) => {
    show(place, subscription !== null);
  });
}

function whyNot(elsewhere: boolean): string | null {
  if (elsewhere) return 'Open the device\'s own page to be told by it.';
  if (!window.isSecureContext) return 'Browsers take push messages only from pages on https. Put a reverse proxy with https in front of the device, or use e-mail or a service below.';
  if (!('serviceWorker' in navigator) || !('PushManager' in window)) return 'This browser takes no push messages. On an iPhone or iPad, add the page to the home screen first.';
  return null;
}

async function current(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration(pageAddress('/'));
  return (await registration?.pushManager.getSubscription()) ?? null;
}

async function subscribe(place: HTMLElement): Promise<void> {
  try {
    if ((await Notification.requestPermission()) !== 'granted') {
      say(place, 'The browser does not allow notifications of this page. Allow them in its settings, then try again.');
      return;
    }
    const registration = await navigator.serviceWorker.register(pageAddress('/service-worker.js'), { scope: pageAddress('/') });
    await navigator.serviceWorker.ready;
    const { key } = (await (await send('GET', apiAddress('notifications/key'))).json()) as { key: string };
    const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    await send('POST', apiAddress('notifications/browsers'), { json: subscription.toJSON() });
    window.location.reload();
  } catch (error) {
    say(place, error instanceof Refusal ? error.message : 'The browser could not reach its push service. Try again later.');
  }
}

function show(place: HTMLElement, told: boolean): void {
  need(place, '[data-push-start]', HTMLElement).hidden = told;
  need(place, '[data-push-on]', HTMLElement).hidden = !told;
}

function say(place: HTMLElement, words: string): void {
  const note = need(place, '[data-push-cannot]', HTMLElement);
  note.hidden = false;
  note.textContent = words;
}
