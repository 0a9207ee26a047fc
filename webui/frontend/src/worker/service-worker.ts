/* Shows what the device tells this browser, and opens the page it is about. It sees no request and keeps nothing. */

import { noticeOf } from './notice';

/* What a worker has of the platform, as far as it is used here (Service Workers and Push API, W3C). */
interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Pushed extends Extendable {
  data: { text(): string } | null;
}
interface Clicked extends Extendable {
  notification: Notification;
}
interface Window {
  url: string;
  visibilityState: DocumentVisibilityState;
  focus(): Promise<unknown>;
}
interface Worker {
  registration: ServiceWorkerRegistration;
  clients: { matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<Window[]>; openWindow(url: string): Promise<unknown> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install', listener: (event: Extendable) => void): void;
  addEventListener(type: 'push', listener: (event: Pushed) => void): void;
  addEventListener(type: 'notificationclick', listener: (event: Clicked) => void): void;
}

const worker = self as unknown as Worker;

worker.addEventListener('install', (event) => {
  event.waitUntil(worker.skipWaiting());
});

worker.addEventListener('push', (event) => {
  event.waitUntil(show(event.data?.text() ?? ''));
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open((event.notification.data as { url?: string } | null)?.url ?? worker.registration.scope));
});

async function show(text: string): Promise<void> {
  const notice = noticeOf(text, worker.registration.scope);
  // Who looks at the page already sees it there.
  const windows = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (windows.some((one) => one.visibilityState === 'visible' && one.url.split('#')[0] === notice.url)) return;
  await worker.registration.showNotification(notice.title, { body: notice.body, tag: notice.tag, data: { url: notice.url } });
}

async function open(url: string): Promise<void> {
  const windows = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const there = windows.find((one) => one.url.split('#')[0] === url);
  await (there ? there.focus() : worker.clients.openWindow(url));
}
