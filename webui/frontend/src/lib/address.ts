/* Every address a script asks for. A hub shows a device's pages below a prefix, which the page says in data-base; this is
   the only place that puts it before a path, and the only one that names where the API is. */

export function base(): string {
  return document.documentElement.dataset.base ?? '';
}

/* A page, by its path as the server knows it. */
export function pageAddress(path: string): string {
  return `${base()}${path}`;
}

/* An address of the API, by what follows /api/. */
export function apiAddress(path: string): string {
  return pageAddress(`/api/${path}`);
}

/* The same as the address of a WebSocket. */
export function socketAddress(path: string): string {
  const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${window.location.host}${apiAddress(path)}`;
}

/* The path and query of this page as the server knows them. */
export function ownPath(): string {
  return withoutBase(window.location.pathname + window.location.search, base());
}

export function withoutBase(path: string, prefix: string): string {
  if (!path.startsWith(prefix)) return path;
  const rest = path.slice(prefix.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}
