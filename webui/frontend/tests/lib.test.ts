import { describe, expect, it } from 'vitest';
import { nearest } from '../src/islands/charts';
import { since } from '../src/lib/ago';
import { chunksOf } from '../src/lib/chunks';
import { loginPath } from '../src/lib/login';

describe('chunks', () => {
  it.each([
    [0, 4, []],
    [4, 4, [[0, 0, 4]]],
    [9, 4, [[0, 0, 4], [1, 4, 8], [2, 8, 9]]],
  ])('%i bytes in pieces of %i', (size, chunk, pieces) => {
    expect([...chunksOf(size, chunk)]).toEqual(pieces);
  });
});

describe('loginPath', () => {
  it('leads back to the page, and from the first one to the first one', () => {
    expect(loginPath('/')).toBe('/login');
    expect(loginPath('/files?path=a&b=c')).toBe('/login?next=%2Ffiles%3Fpath%3Da%26b%3Dc');
  });
});

describe('since', () => {
  const now = new Date('2026-11-21T12:00:00Z');
  it.each([
    [-3, 'just now'],
    [44, 'just now'],
    [50, '50 s ago'],
    [60, '1 min ago'],
    [7300, '2 h ago'],
    [60 * 86_400, '22 Sep 2026'],
  ])('%i seconds', (seconds, words) => {
    expect(since(new Date(now.getTime() - seconds * 1000), now)).toBe(words);
  });
});

describe('charts', () => {
  it('finds the point under the pointer', () => {
    expect(nearest([[0, 'a'], [10, 'b'], [20, 'c']], 14)).toEqual([10, 'b']);
    expect(nearest([], 1)).toBeNull();
  });
});
