/* How long ago, in the same words as foundation/web/pages/words.py. */

const STEPS: readonly [limit: number, step: number, unit: string][] = [
  [60, 1, 's'],
  [3600, 60, 'min'],
  [86_400, 3600, 'h'],
  [30 * 86_400, 86_400, 'd'],
];

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export function since(then: Date, now: Date): string {
  const seconds = Math.floor((now.getTime() - then.getTime()) / 1000);
  if (seconds < 45) return 'just now';
  for (const [limit, step, unit] of STEPS) {
    if (seconds < limit) return `${Math.max(1, Math.floor(seconds / step))} ${unit} ago`;
  }
  return `${then.getUTCDate()} ${MONTHS[then.getUTCMonth()] ?? ''} ${then.getUTCFullYear()}`;
}

export function keepTimesFresh(): void {
  window.setInterval(() => {
    const now = new Date();
    for (const time of document.querySelectorAll<HTMLTimeElement>('time[data-ago]')) {
      time.textContent = since(new Date(time.dateTime), now);
    }
  }, 20_000);
}
