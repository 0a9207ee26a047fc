/* Writes src/generated/*.ts from the JSON Schema of the wire; with --check only says whether they are up to date. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';

const SCHEMAS = new URL('../../../protocol/schema/', import.meta.url);
const TARGET = new URL('../src/generated/', import.meta.url);
const check = process.argv.includes('--check');

async function current(file) {
  return readFile(file, 'utf8').catch(() => '');
}

const stale = [];
await mkdir(TARGET, { recursive: true });
for (const name of (await readdir(SCHEMAS)).filter((entry) => entry.endsWith('.json')).sort()) {
  const schema = JSON.parse(await readFile(new URL(name, SCHEMAS), 'utf8'));
  const text = await compile(schema, name.replace('.json', ''), {
    bannerComment: `/* Generated from protocol/schema/${name} by "npm run types". */`,
    unreachableDefinitions: true,
    format: true,
    cwd: SCHEMAS.pathname,
  });
  const file = new URL(name.replace('.json', '.ts'), TARGET);
  if ((await current(file)) === text) continue;
  stale.push(name);
  if (!check) await writeFile(file, text);
}
if (check && stale.length > 0) {
  console.error(`Types are not those of the schema: ${stale.join(', ')}. Run "npm run types" and commit the result.`);
  process.exit(1);
}
