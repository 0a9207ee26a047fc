/* A laptop that slept, a phone that changed networks: the socket looks open and is dead. Then a fresh one is made. */

const TICK_MS = 5000;
/* Browsers let hidden pages tick once a minute. */
const SLEPT_MS = 90_000;

export function onWaking(reconnect: () => void, lose: () => void): void {
  let last = Date.now();
  window.setInterval(() => {
    const now = Date.now();
    if (now - last > SLEPT_MS) reconnect();
    last = now;
  }, TICK_MS);
  window.addEventListener('online', reconnect);
  window.addEventListener('offline', lose);
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) reconnect();
  });
}
