/* What a push message says. Whatever it says, the address stays below the pages of the device. */

export interface Notice {
  title: string;
  body: string;
  tag: string;
  url: string;
}

export function noticeOf(text: string, scope: string): Notice {
  let said: Record<string, unknown> = {};
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object') said = value as Record<string, unknown>;
  } catch {
    // A message of an older device, or of nobody: still something happened there.
  }
  const words = (name: string, otherwise: string): string => {
    const value = said[name];
    return typeof value === 'string' && value !== '' ? value : otherwise;
  };
  const url = new URL(words('path', '/').replace(/^\/+/, './'), scope);
  return {
    title: words('title', 'Hutch'),
    body: words('body', 'Something happened on your device.'),
    tag: words('tag', 'hutch'),
    url: url.href.startsWith(scope) ? url.href : scope,
  };
}
