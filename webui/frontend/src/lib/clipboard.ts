/* Copying also where the page is not https: browsers then lack navigator.clipboard, as on a plain LAN address. */

export async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard as Clipboard | undefined) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyBySelection(text);
    }
  }
  return copyBySelection(text);
}

/* null where the page may not read the clipboard; the person then pastes by hand. */
export async function readText(): Promise<string | null> {
  if (!(navigator.clipboard as Clipboard | undefined)) return null;
  try {
    return await navigator.clipboard.readText();
  } catch {
    return null;
  }
}

function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.setAttribute('aria-hidden', 'true');
  field.className = 'sr';
  document.body.append(field);
  field.select();
  // Deprecated, and still the only way without https.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const done = document.execCommand('copy');
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}
