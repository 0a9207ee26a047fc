/* The login has ended while its page was open: to where one logs in, and from there back here. */

import { apiAddress, ownPath, pageAddress } from './address';

/* `path` is the page to come back to; both are as the server knows them. */
export function loginPath(path: string): string {
  return path === '/' ? '/login' : `/login?next=${encodeURIComponent(path)}`;
}

export function logInAgain(): void {
  window.location.assign(pageAddress(loginPath(ownPath())));
}

/* Asks the device whether this browser is still logged in; a device that does not answer leaves things as they are. */
export async function checkLogin(): Promise<void> {
  try {
    const answer = await fetch(apiAddress('auth/me'), { headers: { Accept: 'application/json' }, credentials: 'same-origin' });
    if (answer.status === 401) logInAgain();
  } catch {
    // Offline is not logged out.
  }
}
