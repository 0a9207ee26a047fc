/* What two texts differ in, line by line (Myers, An O(ND) Difference Algorithm, 1986). */

export interface Line {
  sign: ' ' | '-' | '+';
  text: string;
  before: number | null;
  after: number | null;
}

/* Edits beyond this many are shown as all removed, all added: nobody reads them one by one. */
const MOST_EDITS = 1000;
const AROUND = 3;

export function difference(before: string, after: string): Line[] {
  const a = linesOf(before);
  const b = linesOf(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const signs = [
    ...Array<Line['sign']>(start).fill(' '),
    ...edits(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...Array<Line['sign']>(end).fill(' '),
  ];
  return numbered(signs, a, b);
}

/* The changes with a few lines around each; null stands for what is left out. */
export function hunks(lines: readonly Line[]): (Line | null)[] {
  const shown = new Set<number>();
  lines.forEach((line, at) => {
    if (line.sign === ' ') return;
    for (let near = at - AROUND; near <= at + AROUND; near += 1) shown.add(near);
  });
  const found: (Line | null)[] = [];
  lines.forEach((line, at) => {
    if (shown.has(at)) found.push(line);
    else if (found.at(-1) !== null) found.push(null);
  });
  return found;
}

/* Pairs for two columns: what was removed stands beside what came for it. */
export function paired(lines: readonly (Line | null)[]): [Line | null, Line | null][] {
  const rows: [Line | null, Line | null][] = [];
  let removed: Line[] = [];
  let added: Line[] = [];
  const flush = (): void => {
    for (let at = 0; at < Math.max(removed.length, added.length); at += 1) {
      rows.push([removed[at] ?? null, added[at] ?? null]);
    }
    removed = [];
    added = [];
  };
  for (const line of lines) {
    if (line?.sign === '-') removed.push(line);
    else if (line?.sign === '+') added.push(line);
    else {
      flush();
      rows.push([line, line]);
    }
  }
  flush();
  return rows;
}

export function counts(lines: readonly Line[]): { added: number; removed: number } {
  return {
    added: lines.filter((line) => line.sign === '+').length,
    removed: lines.filter((line) => line.sign === '-').length,
  };
}

function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function edits(a: string[], b: string[]): Line['sign'][] {
  const trace = walk(a, b);
  if (!trace) return [...a.map(() => '-' as const), ...b.map(() => '+' as const)];
  const signs: Line['sign'][] = [];
  let x = a.length;
  let y = b.length;
  for (let d = trace.length - 1; d >= 0; d -= 1) {
    const reach = trace[d];
    if (!reach) break;
    const k = x - y;
    const down = k === -d || (k !== d && at(reach, k - 1) < at(reach, k + 1));
    const fromK = down ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : at(reach, fromK);
    const fromY = d === 0 ? 0 : fromX - fromK;
    while (x > fromX && y > fromY) {
      signs.push(' ');
      x -= 1;
      y -= 1;
    }
    if (d === 0) break;
    signs.push(down ? '+' : '-');
    x = fromX;
    y = fromY;
  }
  return signs.reverse();
}

/* How far each diagonal reached before each number of edits; null beyond the limit. */
function walk(a: string[], b: string[]): Map<number, number>[] | null {
  const reach = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let d = 0; d <= Math.min(a.length + b.length, MOST_EDITS); d += 1) {
    trace.push(near(reach, d));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && at(reach, k - 1) < at(reach, k + 1));
      let x = down ? at(reach, k + 1) : at(reach, k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reach.set(k, x);
      if (x >= a.length && x - k >= b.length) return trace;
    }
  }
  return null;
}

function near(reach: Map<number, number>, d: number): Map<number, number> {
  const kept = new Map<number, number>();
  for (let k = -d - 1; k <= d + 1; k += 1) {
    const x = reach.get(k);
    if (x !== undefined) kept.set(k, x);
  }
  return kept;
}

function at(reach: Map<number, number>, k: number): number {
  return reach.get(k) ?? 0;
}

function numbered(signs: Line['sign'][], a: string[], b: string[]): Line[] {
  let before = 0;
  let after = 0;
  return signs.map((sign) => {
    const text = (sign === '+' ? b[after] : a[before]) ?? '';
    if (sign !== '+') before += 1;
    if (sign !== '-') after += 1;
    return { sign, text, before: sign === '+' ? null : before, after: sign === '-' ? null : after };
  });
}
