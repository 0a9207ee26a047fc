import { describe, expect, it } from 'vitest';
import { decodeOutput, encodeInput } from '../src/terminal/frames';

function output(id: string, seq: bigint, payload: number[], kind = 1): ArrayBuffer {
  const name = new TextEncoder().encode(id);
  const bytes = new Uint8Array(10 + name.length + payload.length);
  bytes.set([kind, name.length]);
  bytes.set(name, 2);
  new DataView(bytes.buffer).setBigUint64(2 + name.length, seq);
  bytes.set(payload, 10 + name.length);
  return bytes.buffer;
}

describe('binary frames', () => {
  it('reads output with its number, big-endian', () => {
    const frame = decodeOutput(output('abc', 0x1_0000_0001n, [104, 105]), 'abc');
    expect(frame?.seq).toBe(4_294_967_297);
    expect([...(frame?.payload ?? [])]).toEqual([104, 105]);
  });

  it.each([
    ['another session', output('other', 1n, [1])],
    ['input', output('abc', 1n, [1], 2)],
    ['too short', new Uint8Array([1, 3, 97, 98, 99, 0]).buffer],
    ['empty', new ArrayBuffer(0)],
  ])('passes over %s', (_, data) => {
    expect(decodeOutput(data, 'abc')).toBeNull();
  });

  it('writes input as the wire wants it', () => {
    expect([...encodeInput('é', 258, new Uint8Array([13]))]).toEqual([2, 2, 0xc3, 0xa9, 0, 0, 0, 0, 0, 0, 1, 2, 13]);
  });
});
