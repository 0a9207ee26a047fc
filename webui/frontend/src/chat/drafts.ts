/* What somebody has begun to write stays with its conversation, in this browser. */

const KEY = 'hutch.chat.draft.';
const MOST = 200_000;

export function readDraft(conversation: string): string {
  try {
    return window.localStorage.getItem(KEY + conversation) ?? '';
  } catch {
    return '';
  }
}

export function keepDraft(conversation: string, text: string): void {
  try {
    if (text === '') window.localStorage.removeItem(KEY + conversation);
    else window.localStorage.setItem(KEY + conversation, text.slice(0, MOST));
  } catch {
    // A browser that keeps nothing, or is full: the text is still in the field.
  }
}
