/* The login has ended while its page was open: to where one logs in, and from there back here. */

export function loginAddress(path: string): string {
  return path === '/' ? '/login' : `/login?next=${encodeURIComponent(path)}`;
}

export function logInAgain(): void {
  window.location.assign(loginAddress(window.location.pathname + window.location.search));
}

/* Asks the device whether this browser is still logged in; a device that does not answer leaves things as they are. */
export async function checkLogin(): Promise<void> {
  try {
    const answer = await fetch('/api/auth/me', { headers: { Accept: 'application/json' }, credentials: 'same-origin' });
    if (answer.status === 401) logInAgain();
  } catch {
    // Offline is not logged out.
  }
}
