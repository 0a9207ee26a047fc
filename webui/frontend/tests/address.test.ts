import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { apiAddress, base, ownPath, pageAddress, socketAddress, withoutBase } from '../src/lib/address';

function pageAt(prefix: string, address: string): void {
  const { protocol, host, pathname, search } = new URL(address);
  vi.stubGlobal('document', { documentElement: { dataset: { base: prefix } } });
  vi.stubGlobal('window', { location: { protocol, host, pathname, search } });
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('addresses', () => {
  it('are plain paths at the root', () => {
    pageAt('', 'http://hutch.local/files?path=a');
    expect([base(), pageAddress('/login'), apiAddress('events')]).toEqual(['', '/login', '/api/events']);
    expect(socketAddress('sessions/1/terminal')).toBe('ws://hutch.local/api/sessions/1/terminal');
    expect(ownPath()).toBe('/files?path=a');
  });

  it('have the prefix below which a hub shows the page', () => {
    pageAt('/devices/x', 'https://hub.example.org/devices/x/files?path=a');
    expect([pageAddress('/login'), apiAddress('events')]).toEqual(['/devices/x/login', '/devices/x/api/events']);
    expect(socketAddress('sessions/1/terminal')).toBe('wss://hub.example.org/devices/x/api/sessions/1/terminal');
    expect(ownPath()).toBe('/files?path=a');
  });

  it.each([
    ['/devices/x', '/'],
    ['/devices/x?a=b', '/?a=b'],
    ['/devices/x/', '/'],
    ['/elsewhere', '/elsewhere'],
  ])('%s without its prefix is %s', (path, left) => {
    expect(withoutBase(path, '/devices/x')).toBe(left);
  });
});

describe('sources', () => {
  const folder = join(import.meta.dirname, '../src');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

  it('name the API and the static files in one place only', () => {
    const elsewhere = sources
      .filter((name) => name !== join('lib', 'address.ts'))
      .filter((name) => /["'`]\/(api|static)\b/.test(readFileSync(join(folder, name), 'utf8')));
    expect(sources).toContain(join('lib', 'address.ts'));
    expect(elsewhere).toEqual([]);
  });
});
