/* Requests to this device or hub: the CSRF token goes along, and refusals become errors with a sentence for people. */

import type { ProblemCode } from '../generated/terminal';
import { logInAgain } from './login';

export class Refusal extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: ProblemCode | 'unreachable',
  ) {
    super(message);
  }
}

interface Options {
  json?: unknown;
  body?: Blob;
  signal?: AbortSignal;
}

export async function send(method: string, address: string, options: Options = {}): Promise<Response> {
  const headers = new Headers({ Accept: 'application/json', 'X-CSRF-Token': csrfToken() });
  if (options.json !== undefined) headers.set('Content-Type', 'application/json');
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  const request: RequestInit = { method, headers, credentials: 'same-origin' };
  if (body !== undefined) request.body = body;
  if (options.signal) request.signal = options.signal;
  const response = await reach(address, request);
  if (response.ok) return response;
  if (response.status === 401) logInAgain();
  throw await refusalOf(response);
}

/* A piece of a page; null when the device cannot be reached just now. Where a login is asked for instead, this page
   is over too. */
export async function fragment(address: string): Promise<string | null> {
  try {
    const response = await fetch(address, { headers: { Accept: 'text/html' }, credentials: 'same-origin' });
    if (response.redirected) logInAgain();
    return response.ok && !response.redirected ? await response.text() : null;
  } catch {
    return null;
  }
}

async function reach(address: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(address, request);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Refusal('The device cannot be reached. Check the network and try again.', 0, 'unreachable');
  }
}

async function refusalOf(response: Response): Promise<Refusal> {
  const fallback = new Refusal(`The device answered ${response.status}. Try again.`, response.status, 'internal');
  try {
    const answer = (await response.json()) as { error?: { code?: ProblemCode; message?: string } };
    if (!answer.error?.message) return fallback;
    return new Refusal(answer.error.message, response.status, answer.error.code ?? 'internal');
  } catch {
    return fallback;
  }
}

function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? '';
}
