/* Binary frames of the wire: kind:u8 | id_len:u8 | id | seq:u64 big-endian | payload (docs/wire.md). */

const OUTPUT = 0x01;
const INPUT = 0x02;
const SEQ_BYTES = 8;

export interface OutputFrame {
  seq: number;
  payload: Uint8Array;
}

/* null for a frame that is not output of this session. */
export function decodeOutput(data: ArrayBuffer, sessionId: string): OutputFrame | null {
  const bytes = new Uint8Array(data);
  const length = bytes[1] ?? 0;
  const start = 2 + length;
  if (bytes[0] !== OUTPUT || bytes.length < start + SEQ_BYTES) return null;
  if (new TextDecoder().decode(bytes.subarray(2, start)) !== sessionId) return null;
  const seq = Number(new DataView(data).getBigUint64(start));
  return { seq, payload: bytes.subarray(start + SEQ_BYTES) };
}

export function encodeInput(sessionId: string, seq: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const id = new TextEncoder().encode(sessionId);
  const frame = new Uint8Array(2 + id.length + SEQ_BYTES + payload.length);
  frame[0] = INPUT;
  frame[1] = id.length;
  frame.set(id, 2);
  new DataView(frame.buffer).setBigUint64(2 + id.length, BigInt(seq));
  frame.set(payload, 2 + id.length + SEQ_BYTES);
  return frame;
}
