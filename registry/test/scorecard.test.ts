import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const page = join(import.meta.dirname, '..', '..', 'docs', 'scorecard.md');

/** Every link of the page: its text, and the path it leads to. */
const links = [...readFileSync(page, 'utf8').matchAll(/\[([^\]]{2,})\]\(([^)#]+)(?:#([^)]+))?\)/g)].map(
  ([, text = '', path = '', anchor]) => ({ text, path, anchor }),
);

test('the scorecard links what is there: tests by their names, pages by their headings', () => {
  expect(links.length).toBeGreaterThan(60);
  for (const { text, path, anchor } of links) {
    const target = readFileSync(join(dirname(page), path), 'utf8').replaceAll("\\'", "'");
    if (path.endsWith('.test.ts')) expect(target, `${text} in ${path}`).toContain(text);
    if (anchor !== undefined) expect(target.toLowerCase()).toContain(`# ${anchor.replaceAll('-', ' ')}\n`);
  }
});

test('a box that is ticked links what shows it', () => {
  const ticked = readFileSync(page, 'utf8').match(/^- \[x\] .*$/gm) ?? [];
  expect(ticked.length).toBeGreaterThan(10);
  for (const line of ticked) expect(line).toMatch(/\]\([^)]+\)/);
});
