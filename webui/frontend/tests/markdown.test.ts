import { expect, it } from 'vitest';
import { blocksOf } from '../src/chat/markdown';

it('cuts a text into blocks that are parts of it', () => {
  const text = '# Title\n\nSome *words*\nover two lines.\n\n- one\n- two\n\n```js\nlet a;\n```\n\n> quote\n';
  const blocks = blocksOf(text);
  expect(blocks.map((block) => block.tokens[0]?.type)).toEqual([
    'heading_open',
    'paragraph_open',
    'bullet_list_open',
    'fence',
    'blockquote_open',
  ]);
  for (const block of blocks) expect(text.startsWith(block.source, block.start)).toBe(true);
});

it('leaves the blocks before the last two as they are when text is added', () => {
  const text = 'first\n\nsecond\n\n```\ncode\n';
  const before = blocksOf(text).map((block) => block.source);
  const after = blocksOf(`${text}more\n\`\`\`\n\nthird`).map((block) => block.source);
  expect(after.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
});

it('keeps HTML as text and refuses addresses that run', () => {
  const tokens = blocksOf('<b>x</b> [a](javascript:alert(1)) [b](https://example.org)').flatMap((block) =>
    block.tokens.flatMap((token) => token.children ?? []),
  );
  expect(tokens.some((token) => token.type.startsWith('html'))).toBe(false);
  expect(tokens.filter((token) => token.type === 'link_open').map((token) => token.attrGet('href'))).toEqual([
    'https://example.org',
  ]);
});
