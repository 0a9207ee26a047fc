import { describe, expect, it } from 'vitest';
import { counts, difference, hunks, paired } from '../src/chat/lines';
import { Model, type Change } from '../src/chat/model';
import { mannerWords } from '../src/chat/status';
import { commandsFor, wantedAt } from '../src/chat/suggestions';
import type { ChatEvent, Message, Opening, Usage } from '../src/chat/types';
import { usageWords } from '../src/chat/usage';
import { noticeOf } from '../src/worker/notice';

const USAGE: Usage = {
  model: 'big',
  input_tokens: 12840,
  output_tokens: 962,
  cached_tokens: null,
  reasoning_tokens: null,
  context_tokens: 13802,
  context_limit: 200000,
  cost_usd: 0.0417,
};

const change = (): Change => ({ messages: new Set(), finished: [] });

function message(id: string, text: string): Message {
  return {
    id,
    turn_id: 't1',
    role: 'agent',
    by: '',
    created_at: '2026-01-01T00:00:00Z',
    completed_at: null,
    parts: [{ kind: 'text', id: 'p1', text }],
    usage: null,
  };
}

function opening(messages: Message[]): Opening {
  return {
    type: 'opening',
    conversation: { id: 'con_1', title: 'Frost', status: 'idle', awake: false, permission: 'ask', model: null, commands: [] },
    messages,
    permissions: [],
    turn: null,
  };
}

describe('differences of two texts', () => {
  it('keeps what is the same and numbers both sides', () => {
    const lines = difference('a\nb\nc\n', 'a\nx\nc\n');
    expect(lines.map((line) => line.sign + line.text)).toEqual([' a', '-b', '+x', ' c']);
    expect(lines.map((line) => [line.before, line.after])).toEqual([
      [1, 1],
      [2, null],
      [null, 2],
      [3, 3],
    ]);
  });

  it.each([
    ['', 'a\nb'],
    ['a\nb', ''],
    ['a\nb\nc\nd', 'b\nd\ne'],
    ['x\ny\nx\ny', 'y\nx\ny\nx\nx'],
    ['one', 'one'],
  ])('gives both texts back (%j, %j)', (before, after) => {
    const lines = difference(before, after);
    const side = (sign: string): string => lines.filter((line) => line.sign !== sign).map((line) => line.text).join('\n');
    expect(side('+')).toBe(before);
    expect(side('-')).toBe(after);
  });

  it('finds the shortest way', () => {
    const lines = difference('A\nB\nC\nA\nB\nB\nA', 'C\nB\nA\nB\nA\nC');
    const { added, removed } = counts(lines);
    expect(added + removed).toBe(5);
  });

  it('ends with two long texts that have nothing in common', () => {
    const text = (word: string): string => Array.from({ length: 5000 }, (_, at) => `${word}${at}`).join('\n');
    expect(counts(difference(text('a'), text('b')))).toEqual({ added: 5000, removed: 5000 });
  });

  it('shows changes with a few lines around them', () => {
    const before = Array.from({ length: 50 }, (_, at) => `line ${at}`);
    const after = [...before];
    after[25] = 'another';
    const shown = hunks(difference(before.join('\n'), after.join('\n')));
    expect(shown.filter((line) => line === null)).toHaveLength(2);
    expect(shown.filter((line) => line !== null)).toHaveLength(8);
  });

  it('puts what came beside what went', () => {
    const rows = paired(difference('a\nb', 'x\ny\nz'));
    expect(rows.map(([left, right]) => [left?.text ?? null, right?.text ?? null])).toEqual([
      ['a', 'x'],
      ['b', 'y'],
      [null, 'z'],
    ]);
  });
});

describe('a conversation as the page knows it', () => {
  const hear = (model: Model, ...events: ChatEvent[]): Change => {
    const all = change();
    for (const event of events) model.apply(event, all);
    return all;
  };

  it('grows by deltas and says what is finished', () => {
    const model = new Model('con_1');
    const all = hear(
      model,
      opening([]),
      { type: 'message.added', message: message('m1', 'Hel') },
      { type: 'message.delta', message_id: 'm1', part_id: 'p1', text: 'lo' },
      { type: 'message.completed', message_id: 'm1' },
    );
    expect(model.messages.get('m1')?.parts).toEqual([{ kind: 'text', id: 'p1', text: 'Hello' }]);
    expect(all.finished).toEqual(['m1']);
  });

  it('begins anew with each opening, and keeps older messages that were asked for', () => {
    const model = new Model('con_1');
    hear(model, opening([message('m5', 'five')]));
    model.addEarlier([message('m1', 'one')]);
    hear(model, opening([message('m5', 'five, whole'), message('m6', 'six')]));
    expect([...model.messages.keys()]).toEqual(['m1', 'm5', 'm6']);
    expect(model.messages.get('m5')?.parts[0]).toMatchObject({ text: 'five, whole' });
  });

  it('never puts a part into a hole', () => {
    const model = new Model('con_1');
    hear(model, opening([message('m1', 'one')]), {
      type: 'message.part',
      message_id: 'm1',
      index: 7,
      part: { kind: 'text', id: 'p2', text: 'two' },
    });
    expect(model.messages.get('m1')?.parts).toHaveLength(2);
  });

  it('puts what a turn took at its answer', () => {
    const model = new Model('con_1');
    const own = { ...message('m2', 'A note'), by: 'hutch' };
    const all = hear(
      model,
      opening([{ ...message('m1', 'mine'), role: 'user' }, own, message('m3', 'answer')]),
      { type: 'turn.ended', turn_id: 't1', state: 'done', usage: USAGE, problem: null },
    );
    expect([...model.messages.values()].map((one) => one.usage)).toEqual([null, null, USAGE]);
    expect([...all.messages]).toEqual(['m3']);
  });

  it('knows how its agent works', () => {
    const model = new Model('con_1');
    hear(model, opening([]), {
      type: 'conversation.changed',
      title: 'Frost',
      status: 'idle',
      awake: true,
      permission: 'edits',
      model: 'big',
    });
    expect(model.conversation).toMatchObject({ permission: 'edits', model: 'big', awake: true });
    expect(mannerWords(model.conversation)).toBe('edits without asking · big');
    expect(mannerWords({ ...model.conversation, permission: 'all', model: null })).toBe('asks nothing');
  });

  it('says what was used in a line, as far as it was told', () => {
    expect(usageWords(USAGE)).toBe('13k tokens in · 962 out · $0.0417 · context 7 %');
    expect(usageWords({ ...USAGE, input_tokens: null, output_tokens: null, cost_usd: 1.5, context_limit: 0 })).toBe('$1.50');
    const nothing = { ...USAGE, input_tokens: null, output_tokens: null, cost_usd: null, context_tokens: null };
    expect(usageWords(nothing)).toBe('');
  });

  it('passes over events of messages it does not know', () => {
    const model = new Model('con_1');
    const all = hear(model, opening([]), { type: 'message.delta', message_id: 'm9', part_id: 'p', text: 'x' });
    expect(model.messages.size).toBe(0);
    expect(all.messages.size).toBe(0);
  });
});

describe('suggestions', () => {
  it.each([
    ['/rev', 4, { kind: 'command', text: 'rev' }],
    ['Read @src/ma', 12, { kind: 'file', text: 'src/ma', start: 5 }],
    ['@', 1, { kind: 'file', text: '' }],
  ])('are wanted at %j', (text, caret, wanted) => {
    expect(wantedAt(text, caret)).toMatchObject(wanted);
  });

  it.each([
    ['say /rev', 8],
    ['a@example.org', 13],
    ['/rev now', 8],
    ['plain', 5],
  ])('are not wanted at %j', (text, caret) => {
    expect(wantedAt(text, caret)).toBeNull();
  });

  it('put what begins with the text first', () => {
    const commands = ['preview', 'review'].map((name) => ({ name, description: '', hint: null }));
    expect(commandsFor('rev', commands).map((offer) => offer.insert)).toEqual(['/review ', '/preview ']);
  });
});

describe('a push message', () => {
  const scope = 'https://hutch.example.org/devices/x/';

  it.each([
    ['/conversations/con_1', `${scope}conversations/con_1`],
    ['https://evil.example/', scope],
    ['//evil.example/', `${scope}evil.example/`],
    ['/../../login', scope],
  ])('leads from %j to a page of the device', (path, url) => {
    expect(noticeOf(JSON.stringify({ path }), scope).url).toBe(url);
  });

  it('says something even when it is broken', () => {
    expect(noticeOf('{', scope)).toMatchObject({ title: 'Hutch', url: scope });
  });
});
