import { expect, test } from 'vitest';
import { browserAt } from './support/browser-client.ts';
import { cargoPublish } from './support/crates.ts';
import { publish } from './support/publishing.ts';
import { createTestRegistry, goodPassword } from './support/test-registry.ts';

const crate = {
  name: 'Foo-Lib',
  manifest:
    'description = "does a thing"\nlicense = "MIT"\nkeywords = ["thing"]\nrepository = "https://forge.example/foo"',
  files: { 'README.md': '# The readme of foo' },
};

test('the page of a crate says what it is and how to add it, by every spelling of its name', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await cargoPublish(alice, crate);
  await cargoPublish(alice, { ...crate, version: '0.9.0' });
  await alice.delete('/cargo/api/v1/crates/Foo-Lib/0.9.0/yank');
  for (const name of ['Foo-Lib', 'foo_lib']) {
    const { words, status } = await browserAt(registry.app).open(`/-/web/crate/${name}`);
    expect(status).toBe(200);
    for (const text of [
      'Foo-Lib 1.0.0',
      'does a thing',
      'MIT',
      'The readme of foo',
      '0.9.0 yanked',
      'cargo add Foo-Lib --registry pub',
      'index = "sparse+http://registry.example/cargo/index/"',
    ])
      expect(words).toContain(text);
  }
  for (const name of ['nothing', '..%2f', '%3Cscript%3E']) {
    const page = await browserAt(registry.app).open(`/-/web/crate/${name}`);
    expect([name, page.status, page.text.includes('<script>')]).toEqual([name, 404, false]);
  }
});

test('lists show crates beside packages, each with a way to its own page', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await publish(alice, { name: 'tool' });
  await cargoPublish(alice, { name: 'tool' });
  for (const path of ['/', '/-/web/search?q=tool']) {
    const { text } = await browserAt(registry.app).open(path);
    expect(text).toContain('href="/-/web/package/tool"');
    expect(text).toContain('href="/-/web/crate/tool"');
  }
});

test('where cargo reads nothing without a token, pages show crates to those who are logged in only', async () => {
  const registry = await createTestRegistry({ settings: { cargoAuthRequired: true } });
  const alice = await registry.signUp('alice');
  await cargoPublish(alice, crate);
  await publish(alice, { name: 'foo-package' });
  const browser = browserAt(registry.app);
  for (const path of ['/', '/-/web/search?q=foo']) {
    const { text } = await browser.open(path);
    expect([path, text.includes('Foo-Lib'), text.includes('foo-package')]).toEqual([path, false, true]);
  }
  expect((await browser.open('/-/web/crate/Foo-Lib')).status).toBe(404);
  await browser.submit(await browser.open('/-/web/log-in'), { name: 'alice', password: goodPassword });
  expect((await browser.open('/-/web/search?q=foo')).text).toContain('Foo-Lib');
  expect((await browser.open('/-/web/crate/Foo-Lib')).status).toBe(200);
});
