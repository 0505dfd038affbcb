import { describe, expect, test } from 'vitest';
import { browserAt } from './support/browser-client.ts';
import { pathOf, publish } from './support/publishing.ts';
import { minute } from './support/test-clock.ts';
import { createTestRegistry, goodPassword, type TestRegistry } from './support/test-registry.ts';

const page = (name = '@acme/tool') => `/-/web/package/${name}`;

async function publishReadme(registry: TestRegistry, text: string): Promise<string> {
  const alice = await registry.signUp('alice');
  expect((await publish(alice, { files: { 'README.md': text } })).status).toBe(201);
  const { text: document } = await browserAt(registry.app).open(page());
  return (
    /<section class="readme"[^>]*>\s*<h2[^>]*>Readme<\/h2>\s*([\s\S]*?)\s*<\/section>/.exec(document)?.[1] ??
    ''
  );
}

describe('a package', () => {
  test('shows versions with date, digest, publisher and factor, and its people and policy', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice', 'auth-only');
    const manifest = { description: 'does it', license: 'MIT', keywords: ['one', 'two'] };
    await publish(alice, { manifest });
    registry.clock.advance(24 * 60 * minute);
    const policy = await alice.post(
      '/-/package/@acme%2ftool/access',
      { publish_requires_tfa: true },
      { otp: app.code() },
    );
    expect(policy.status, policy.text).toBe(200);
    await publish(alice, { version: '1.1.0', manifest }, { otp: app.nextCode() });
    const { words, status } = await browserAt(registry.app).open(page());
    expect(status).toBe(200);
    for (const expected of [
      '@acme/tool 1.1.0',
      'npm install @acme/tool',
      'does it',
      'alice (owner)',
      'take a second factor, always',
      'Licence MIT',
      'Keywords one, two',
    ]) {
      expect(words).toContain(expected);
    }
    expect(words).toMatch(
      /1\.1\.0 2026-01-02 alice one-time password [0-9a-f]{8} .* 1\.0\.0 2026-01-01 alice no factor/,
    );
    expect((await browserAt(registry.app).open('/-/web/package/@acme%2ftool')).words).toBe(words);
  });

  test('that nobody may see is missing: unknown, restricted, or of a name that cannot be', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await registry.signUp('mallory');
    await publish(
      alice,
      { name: '@acme/secret', manifest: { description: 'hush' } },
      { access: 'restricted' },
    );
    const [owner, other] = [browserAt(registry.app), browserAt(registry.app)];
    for (const [browser, name] of [
      [owner, 'alice'],
      [other, 'mallory'],
    ] as const) {
      await browser.submit(await browser.open('/-/web/log-in'), { name, password: goodPassword });
    }
    expect((await owner.open(page('@acme/secret'))).words).toContain('restricted to its people');
    const stranger = browserAt(registry.app);
    for (const browser of [other, stranger]) {
      const hidden = await browser.open(page('@acme/secret'));
      expect(hidden.status).toBe(404);
      const missing = await browser.open(page('@acme/nothing'));
      const blank = (text: string) => text.replaceAll(/secret|nothing/g, 'name');
      expect(blank(hidden.text)).toBe(blank(missing.text));
      for (const path of ['/', '/-/web/search?q=secret', '/-/web/search?q=hush']) {
        expect((await browser.open(path)).text).not.toContain('@acme/secret');
      }
    }
    for (const name of ['..%2f..', 'A', '%00', '<script>', 'x'.repeat(300), '@acme/a/b']) {
      const { status, text } = await stranger.open(page(encodeURI(name)));
      expect(status).toBeGreaterThanOrEqual(400);
      expect(text).not.toContain('<script>');
    }
  });

  test('shows no member of the manifest that is not what it should be', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const manifest = {
      homepage: 'javascript:alert(1)',
      keywords: [{ a: 1 }, 'word'],
      repository: { url: 7 },
    };
    const published = await publish(alice, { manifest });
    expect(published.status, published.text).toBe(201);
    const { text, words } = await browserAt(registry.app).open(page());
    expect(text).not.toContain('href="javascript:');
    expect(words).toContain('Keywords word');
  });
});

describe('a README', () => {
  test('is rendered, below the headings of the page', async () => {
    const registry = await createTestRegistry();
    expect(await publishReadme(registry, '# Tool\n\nDoes *it*.\n\n```js\na < b\n```')).toBe(
      '<h3>Tool</h3>\n<p>Does <em>it</em>.</p>\n<pre tabindex="0"><code class="language-js">a &lt; b\n</code></pre>',
    );
  });

  test.each([
    ['a script', '<script>alert(1)</script>'],
    ['an element with a handler', '<img src=x onerror=alert(1)>'],
    ['a link to a script', '[x](javascript:alert(1))'],
    ['a link to a script in capitals with a tab', '[x](<JaVa\tScript:alert(1)>)'],
    ['a link to a script in entities', '[x](&#106;avascript:alert(1))'],
    ['a link to data', '[x](data:text/html;base64,PHNjcmlwdD4=)'],
    ['an autolink to a script', '<javascript:alert(1)>'],
    ['a reference to a script', '[x][r]\n\n[r]: javascript:alert(1)'],
    ['a link of this site', '[x](/-/web/log-out)'],
    ['a link without a scheme', '[x](//evil.example/)'],
    ['a quote in a link', '[x](https://evil.example/"onmouseover="alert(1))'],
    ['a quote in a title', '[x](https://evil.example/ "a\\" onmouseover=\\"alert(1)")'],
    ['a quote in an image', '![a"onload="alert(1)](https://evil.example/"x)'],
    ['an image of data', '![x](data:image/svg+xml;base64,PHN2Zz4=)'],
    ['a style in a table', '| a |\n|:-:|\n| b |'],
    ['a fence with a quote', '```"><script>\nx\n```'],
  ])('leaves nothing to run or to fetch: %s', async (_, text) => {
    const registry = await createTestRegistry();
    const html = await publishReadme(registry, text);
    const tags = [...html.matchAll(/<([a-z0-9]+)((?:\s[^<>]*)?)>/g)];
    for (const [whole, name = '', attributes = ''] of tags) {
      expect(['p', 'a', 'span', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'pre', 'code'], whole).toContain(
        name,
      );
      const names = [...attributes.matchAll(/([\w-]+)="[^"]*"/g)].map(([, attribute]) => attribute);
      expect(attributes.replaceAll(/\s[\w-]+="[^"]*"/g, ''), whole).toBe('');
      for (const attribute of names) expect(['href', 'rel', 'class', 'tabindex'], whole).toContain(attribute);
    }
    for (const [, address = ''] of html.matchAll(/href="([^"]*)"/g)) expect(address).toMatch(/^https:\/\//);
  });

  test('links elsewhere without a word about the reader, and shows pictures as links', async () => {
    const registry = await createTestRegistry();
    const html = await publishReadme(
      registry,
      '[site](https://example.org/a) [mail](mailto:a@example.org) ![shot](https://example.org/p.png) [![badge](https://example.org/b.svg)](https://example.org/ci)',
    );
    const rel = 'rel="nofollow noopener noreferrer"';
    expect(html).toBe(
      `<p><a href="https://example.org/a" ${rel}>site</a> <a href="mailto:a@example.org" ${rel}>mail</a> ` +
        `<a href="https://example.org/p.png" ${rel}>shot (picture)</a> <a href="https://example.org/ci" ${rel}>badge</a></p>`,
    );
  });
});

describe('search', () => {
  test('finds words in names, descriptions and keywords, the exact name first', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice, { name: 'a-kettle', manifest: { description: 'boils water' } });
    await publish(alice, { name: 'kettle' });
    await publish(alice, { name: 'pot', manifest: { keywords: ['kettle'], description: 'Water, cold' } });
    const found = async (q: string) => {
      const { text } = await browserAt(registry.app).open(`/-/web/search?${new URLSearchParams({ q })}`);
      return [...text.matchAll(/<strong>([^<]*)<\/strong>/g)].map(([, name]) => name);
    };
    expect(await found('kettle')).toEqual(['kettle', 'a-kettle', 'pot']);
    expect(await found('WATER kettle')).toEqual(['a-kettle', 'pot']);
    expect(await found('%')).toEqual([]);
    expect(await found('k_ttle')).toEqual([]);
    expect(await found("' or 1=1 --")).toEqual([]);
    expect(await found('')).toEqual([]);
  });

  test('what is searched for is shown as text', async () => {
    const registry = await createTestRegistry();
    const { text } = await browserAt(registry.app).open(
      `/-/web/search?q=${encodeURIComponent('"><script>alert(1)</script>')}`,
    );
    expect(text).not.toContain('<script>alert');
    expect(text).toContain('&quot;&gt;&lt;script&gt;');
    expect((await browserAt(registry.app).open('/-/web/search?q=a&q=b')).status).toBe(400);
  });
});

test('the front page lists the newest releases once each', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  for (const release of [{ name: 'a' }, { name: 'b' }, { name: 'a', version: '1.0.1' }]) {
    expect((await publish(alice, release)).status).toBe(201);
    registry.clock.advance(minute);
  }
  const { text } = await browserAt(registry.app).open('/');
  expect([...text.matchAll(/<strong>([^<]*)<\/strong><\/a> (\S+)/g)].map(([, ...found]) => found)).toEqual([
    ['a', '1.0.1'],
    ['b', '1.0.0'],
  ]);
  expect(text).toContain(pathOf('a').slice(1));
});
