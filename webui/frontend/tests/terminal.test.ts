import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ACK_BYTES, ACK_MS, Acks } from '../src/terminal/acks';
import { Backoff } from '../src/terminal/backoff';
import { bytesOfKey, modified } from '../src/terminal/keys';
import { replay } from '../src/terminal/replay';
import { wordsOf } from '../src/terminal/status';
import type { TerminalSnapshot } from '../src/generated/terminal';

describe('acks', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('says the highest number once per pace, and nothing twice', () => {
    const sent: number[] = [];
    const acks = new Acks((seq) => sent.push(seq));
    for (const seq of [1, 2, 5, 4]) acks.shown(seq, 10);
    vi.advanceTimersByTime(ACK_MS - 1);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    acks.shown(3, 10);
    vi.advanceTimersByTime(ACK_MS);
    expect(sent).toEqual([5]);
  });

  it('does not wait for the clock once much is shown', () => {
    const sent: number[] = [];
    const acks = new Acks((seq) => sent.push(seq));
    acks.shown(1, ACK_BYTES - 1);
    expect(sent).toEqual([]);
    acks.shown(2, 1);
    expect(sent).toEqual([2]);
    acks.shown(3, ACK_BYTES - 1);
    expect(sent).toEqual([2]);
    vi.advanceTimersByTime(ACK_MS);
    expect(sent).toEqual([2, 3]);
  });

  it('starts anew after a snapshot', () => {
    const sent: number[] = [];
    const acks = new Acks((seq) => sent.push(seq));
    acks.shown(900, 10);
    acks.reset();
    vi.advanceTimersByTime(ACK_MS);
    acks.shown(3, 10);
    vi.advanceTimersByTime(ACK_MS);
    expect(sent).toEqual([3]);
  });
});

describe('backoff', () => {
  it('doubles to its bound, with jitter, and starts again', () => {
    const backoff = new Backoff(() => 1);
    expect(Array.from({ length: 7 }, () => backoff.next())).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000]);
    backoff.reset();
    expect(backoff.next()).toBe(500);
    expect(new Backoff(() => 0).next()).toBe(350);
  });
});

describe('keys', () => {
  const none = { ctrl: false, alt: false };
  it.each([
    ['up', none, false, '\x1b[A'],
    ['up', none, true, '\x1bOA'],
    ['left', { ctrl: true, alt: false }, true, '\x1b[1;5D'],
    ['end', { ctrl: false, alt: true }, false, '\x1b[1;3F'],
    ['escape', none, false, '\x1b'],
    ['tab', { ctrl: false, alt: true }, false, '\x1b\t'],
    ['interrupt', none, false, '\x03'],
  ])('%s', (key, modifiers, application, bytes) => {
    expect(bytesOfKey(key, modifiers, application)).toBe(bytes);
  });

  it.each([
    ['c', { ctrl: true, alt: false }, '\x03'],
    ['[', { ctrl: true, alt: false }, '\x1b'],
    [' ', { ctrl: true, alt: false }, '\x00'],
    ['7', { ctrl: true, alt: false }, '7'],
    ['é', { ctrl: true, alt: true }, '\x1bé'],
    ['xyz', { ctrl: true, alt: false }, '\x18yz'],
    ['b', { ctrl: false, alt: true }, '\x1bb'],
  ])('typed %s', (text, modifiers, bytes) => {
    expect(modified(text, modifiers)).toBe(bytes);
  });
});

describe('replay', () => {
  const snapshot: TerminalSnapshot = {
    type: 'session.snapshot',
    session_id: 's',
    content: 'screen',
    cols: 80,
    rows: 24,
    cursor_x: 0,
    cursor_y: 0,
    cursor_visible: true,
    alternate_on: false,
    seq: 0,
    scrollback: 0,
    modes: '\x1b[?2004h',
    title: '',
  };

  it('writes the modes last', () => {
    expect(replay(snapshot)).toBe('screen\x1b[?2004h');
  });

  it('enters the alternate screen once', () => {
    expect(replay({ ...snapshot, alternate_on: true })).toBe('\x1b[?1049h\x1b[Hscreen\x1b[?2004h');
    const whole = 'under\x1b[?1049h\x1b[Hscreen';
    expect(replay({ ...snapshot, alternate_on: true, content: whole })).toBe(`${whole}\x1b[?2004h`);
  });
});

describe('who types', () => {
  const control = { type: 'session.control' as const, yours: false, may_write: true };
  it.each([
    [{ ...control }, null],
    [{ ...control, yours: true, holder: 'anna' }, null],
    [{ ...control, holder: 'bert' }, 'bert is typing.'],
    [{ ...control, holder: 'anna' }, 'You are typing in another window.'],
    [{ ...control, may_write: false }, 'You are watching.'],
    [{ ...control, may_write: false, holder: 'bert' }, 'bert is typing. You are watching.'],
  ])('case %#', (message, words) => {
    expect(wordsOf(message, 'anna')).toBe(words);
  });
});
