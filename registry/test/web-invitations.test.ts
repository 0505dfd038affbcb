import { describe, expect, test } from 'vitest';
import { type Browser, browserAt } from './support/browser-client.ts';
import type { Client } from './support/client.ts';
import { publish } from './support/publishing.ts';
import { minute } from './support/test-clock.ts';
import { createTestRegistry, goodPassword, type TestRegistry } from './support/test-registry.ts';

const page = '/-/web/invitations';
const below = '/-/package/@acme%2ftool';

async function logIn(registry: TestRegistry, name: string): Promise<Browser> {
  const browser = browserAt(registry.app);
  await browser.submit(await browser.open('/-/web/log-in'), { name, password: goodPassword });
  return browser;
}

/** Alice has published a package and invited bob, whose browser is logged in. */
async function withInvitation(): Promise<[TestRegistry, Client, Client, Browser]> {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const bob = await registry.signUp('bob');
  await publish(alice);
  await alice.put(`${below}/owners`, { user: 'bob', role: 'maintainer' });
  return [registry, alice, bob, await logIn(registry, 'bob')];
}

describe('the page of invitations', () => {
  test('says who invites to what, and accepting gives the role', async () => {
    const [registry, , bob, browser] = await withInvitation();
    const shown = await browser.open(page);
    expect(shown.words).toContain('@acme/tool : alice invites you to be a maintainer');
    const after = await browser.submit(shown, {}, 'Accept @acme/tool');
    expect([after.status, after.path]).toEqual([200, page]);
    expect(after.words).toContain('Nothing waits for your answer');
    expect((await publish(bob, { version: '1.0.1' })).status).toBe(201);
    expect((await registry.auditEvents()).some((event) => event === 'owner:added bob npm:@acme/tool')).toBe(
      true,
    );
  });

  test('declining gives nothing', async () => {
    const [, , bob, browser] = await withInvitation();
    await browser.submit(await browser.open(page), {}, 'Decline @acme/tool');
    expect((await publish(bob, { version: '1.0.1' })).code).toBe('not_owner');
  });

  test('accepting takes a fresh proof, and declining none', async () => {
    const [registry, alice, bob, browser] = await withInvitation();
    registry.clock.advance(11 * minute);
    const sent = await browser.submit(await browser.open(page), {}, 'Accept @acme/tool');
    expect(sent.path).toBe(`/-/web/confirm?return=${encodeURIComponent(page)}`);
    expect((await publish(bob, { version: '1.0.1' })).code).toBe('not_owner');
    const back = await browser.submit(sent, { password: goodPassword });
    expect(back.path).toBe(page);
    await browser.submit(back, {}, 'Accept @acme/tool');
    expect((await publish(bob, { version: '1.0.1' })).status).toBe(201);
    await alice.post(`${below}/transfer`, { to: 'bob' });
    registry.clock.advance(11 * minute);
    const declined = await browser.submit(await browser.open(page), {}, 'Decline @acme/tool');
    expect(declined.path).toBe(page);
  });

  test('offers of packages and scopes are there too', async () => {
    const [, alice, bob, browser] = await withInvitation();
    await alice.post('/-/pub/v1/scopes/acme/transfer', { to: 'bob' });
    const shown = await browser.open(page);
    expect(shown.words).toContain('@acme : alice offers the scope, with all its packages, to bob');
    await browser.submit(shown, {}, 'Accept @acme');
    expect((await publish(bob, { version: '1.0.1' })).status).toBe(201);
    expect((await publish(alice, { version: '1.0.2' })).code).toBe('not_owner');
  });

  test('somebody else’s invitation is not answered, nor what is none', async () => {
    const [registry, alice, , browser] = await withInvitation();
    await registry.signUp('mallory');
    const mallory = await logIn(registry, 'mallory');
    const csrf = (await mallory.open(page)).forms.at(-1)?.fields['csrf'] ?? '';
    const forms = [
      { kind: 'invitation', id: '1', answer: 'accept' },
      { kind: 'invitation', id: '1', answer: 'decline' },
      { kind: 'transfer', id: '1', answer: 'accept' },
      { kind: 'toString', id: '1', answer: '' },
      { kind: 'invitation', id: '-1', answer: 'accept' },
    ];
    const answers = [];
    for (const form of forms) answers.push((await mallory.post(page, { csrf, ...form })).status);
    expect(answers).toEqual([404, 404, 404, 400, 400]);
    expect((await browser.post(page, forms[0] ?? {})).status).toBe(400);
    expect((await alice.get(`${below}/owners`)).body.owners).toHaveLength(1);
  });

  test('is for those who are logged in', async () => {
    const [registry] = await withInvitation();
    const stranger = await browserAt(registry.app).open(page);
    expect(stranger.path).toContain('/-/web/log-in');
  });
});

test('the page of a package tells its people that it has a single owner, and nobody else', async () => {
  const [registry, , , browser] = await withInvitation();
  const url = '/-/web/package/@acme/tool';
  const words = 'This package has a single owner';
  expect((await browser.open(url)).words).not.toContain(words);
  expect((await (await logIn(registry, 'alice')).open(url)).words).toContain(words);
});
