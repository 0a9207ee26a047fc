/* The pieces of something of `size` bytes: number, start, end. */

export function* chunksOf(size: number, chunk: number): Generator<[seq: number, start: number, end: number]> {
  for (let seq = 0, start = 0; start < size; seq += 1, start += chunk) {
    yield [seq, start, Math.min(size, start + chunk)];
  }
}
