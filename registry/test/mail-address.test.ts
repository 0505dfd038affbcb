import { describe, expect, test } from 'vitest';
import { browserAt } from './support/browser-client.ts';
import type { Client } from './support/client.ts';
import { linkIn, receiveMail, receiveSubjects } from './support/mailbox.ts';
import { publish } from './support/publishing.ts';
import { day, hour } from './support/test-clock.ts';
import { createTestRegistry, profilePath, type TestRegistry } from './support/test-registry.ts';

const account = (registry: TestRegistry) =>
  registry.sql('select email, email_verified_at from accounts where id = 1')[0];

async function changeEmail(client: Client, email: string, otp?: string) {
  return await client.post(profilePath, { email }, { otp });
}

describe('confirming an address', () => {
  test('takes the link of the mail and a button on its page, once', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    expect(account(registry)).toEqual({ email: 'alice@example.org', email_verified_at: null });
    expect((await alice.get(profilePath)).body.email_verified).toBe(false);
    const [mail, ...others] = await receiveMail(registry);
    expect([mail?.to, mail?.subject, others]).toEqual([
      'alice@example.org',
      'Confirm your e-mail address',
      [],
    ]);
    const browser = browserAt(registry.app);
    const page = await browser.open(linkIn(mail));
    expect(page.words).toContain('alice@example.org');
    // Opened often, as scanners of mail do: nothing has happened yet.
    await browserAt(registry.app).open(linkIn(mail));
    expect(account(registry).email_verified_at).toBeNull();
    expect((await browser.submit(page)).words).toContain('Address confirmed');
    expect(account(registry).email_verified_at).toBe(registry.clock.now);
    expect((await alice.get(profilePath)).body.email_verified).toBe(true);
    expect((await browser.submit(page)).status).toBe(404);
    expect((await browser.open(linkIn(mail))).status).toBe(404);
    expect(await registry.auditEvents()).toContain('account:email-verified alice alice');
  });

  test('shows in the packuments of the account, and nowhere the old one', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice);
    const read = async () => (await registry.anonymous.get('/@acme%2ftool')).body;
    const before = await read();
    expect(before.maintainers).toEqual([{ name: 'alice', email: 'alice@example.org' }]);
    await receiveMail(registry);
    await changeEmail(alice, 'new@example.org');
    const [mail] = await receiveMail(registry);
    const browser = browserAt(registry.app);
    await browser.submit(await browser.open(linkIn(mail)));
    const after = await read();
    expect(after.maintainers).toEqual([{ name: 'alice', email: 'new@example.org' }]);
    expect(after._rev).not.toBe(before._rev);
  });

  test('ends with the link: after a day, and when a later one was sent', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const [first] = await receiveMail(registry);
    await changeEmail(alice, 'new@example.org');
    const [second] = await receiveMail(registry);
    expect((await browserAt(registry.app).open(linkIn(first))).status).toBe(404);
    expect((await browserAt(registry.app).open(linkIn(second))).status).toBe(200);
    registry.clock.advance(day);
    expect((await browserAt(registry.app).open(linkIn(second))).status).toBe(404);
    expect(account(registry)).toEqual({ email: 'alice@example.org', email_verified_at: null });
  });

  test('by two pages at once happens once', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const [mail] = await receiveMail(registry);
    const another = await registry.another();
    const visits = [browserAt(registry.app), browserAt(another.app), browserAt(registry.app)];
    const pages = await Promise.all(
      visits.map(async (browser) => [browser, await browser.open(linkIn(mail))] as const),
    );
    const answers = await Promise.all(pages.map(([browser, page]) => browser.submit(page)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404]);
  });

  test('is no business of a form from elsewhere, and a made-up link is nothing', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const [mail] = await receiveMail(registry);
    const browser = browserAt(registry.app);
    const page = await browser.open(linkIn(mail));
    const foreign = { headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' } };
    expect((await browser.post(linkIn(mail), page.forms.at(-1)?.fields ?? {}, foreign)).status).toBe(400);
    expect((await browser.post(linkIn(mail), {})).status).toBe(400);
    expect(account(registry).email_verified_at).toBeNull();
    for (const secret of ['x', '%00', 'a'.repeat(600), linkIn(mail).split('/').at(-1)?.slice(1) ?? '']) {
      expect((await browser.open(`/-/web/mail/verify/${secret}`)).status).toBe(404);
    }
    // What resets passwords confirms no address, and the other way round.
    expect((await browser.open(linkIn(mail).replace('verify', 'reset'))).status).toBe(404);
  });

  test('its link is nowhere in the data folder once it was sent, and in no log', async () => {
    const registry = await createTestRegistry();
    await registry.signUp('alice');
    const [mail] = await receiveMail(registry);
    const secret = linkIn(mail).split('/').at(-1) as string;
    await browserAt(registry.app).open(linkIn(mail));
    expect(JSON.stringify(registry.sql('select * from outbox'))).not.toContain(secret);
    expect(JSON.stringify(registry.sql('select * from mail_links'))).not.toContain(secret);
    expect(registry.log.join('\n')).not.toMatch(new RegExp(`${secret}|alice@`));
    expect(JSON.stringify(registry.sql('select * from audit_events'))).not.toContain('alice@');
  });
});

describe('another address', () => {
  test('is asked for five times a day: the links go to whomever an account names', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await receiveMail(registry);
    const answers = [];
    for (let i = 0; i < 8; i++) answers.push(await changeEmail(alice, `stranger-${i}@example.net`));
    expect(answers.map(({ status }) => status)).toEqual([...Array(5).fill(200), ...Array(3).fill(429)]);
    expect(answers[0]?.headers['npm-notice']).toContain('a mail went to stranger-0@example.net');
    const strangers = (await receiveMail(registry)).filter(({ to }) => to !== 'alice@example.org');
    expect(strangers).toHaveLength(5);
    registry.clock.advance(25 * hour);
    const login = await registry.logIn('alice');
    const later = alice.from({ token: login.body.token });
    expect((await changeEmail(later, 'größe@example.net')).headers['npm-notice']).toContain('gr??e@');
  });

  test('counts once it was confirmed; the old one hears of it twice', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    await receiveMail(registry);
    expect((await changeEmail(alice, 'new@example.org')).code).toBe('otp_required');
    const answer = await changeEmail(alice, 'new@example.org', app.nextCode());
    expect([answer.status, answer.body.email]).toEqual([200, 'alice@example.org']);
    const asked = await receiveMail(registry);
    expect(asked.map(({ to, subject }) => [to, subject])).toEqual([
      ['new@example.org', 'Confirm your e-mail address'],
      ['alice@example.org', 'A new e-mail address for alice'],
    ]);
    expect(asked[1]?.text).toContain('new address: new@example.org');
    const browser = browserAt(registry.app);
    await browser.submit(await browser.open(linkIn(asked[0])));
    expect(account(registry)).toEqual({ email: 'new@example.org', email_verified_at: registry.clock.now });
    expect(await receiveSubjects(registry)).toEqual([
      'alice@example.org: The e-mail address of alice was changed',
      'new@example.org: The e-mail address of alice was changed',
    ]);
    const events = await registry.auditEvents();
    expect(events).toContain('account:email-change-asked alice alice');
    expect(events).toContain('account:email-changed alice alice');
  });

  test('that was asked for before the password changed is confirmed by nobody', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await receiveMail(registry);
    await changeEmail(alice, 'thief@example.org');
    const [mail] = await receiveMail(registry);
    const password = { old: alice.password, new: 'a wholly different sentence' };
    expect((await alice.post(profilePath, { password })).status).toBe(200);
    expect((await browserAt(registry.app).open(linkIn(mail))).status).toBe(404);
    expect(account(registry).email).toBe('alice@example.org');
  });

  test('is not confirmed while the account is held', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    await changeEmail(alice, 'new@example.org', app.nextCode());
    const mail = (await receiveMail(registry)).find(({ to }) => to === 'new@example.org');
    await registry.logIn('alice', { otp: app.recoveryCodes[0] as string });
    const browser = browserAt(registry.app);
    const page = await browser.open(linkIn(mail));
    expect((await browser.submit(page)).words).toContain('was recovered');
    expect(account(registry).email).toBe('alice@example.org');
  });

  test('is chosen on a page, where links are sent five times a day', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await receiveMail(registry);
    const browser = browserAt(registry.app);
    const login = await browser.open('/-/web/log-in');
    await browser.submit(login, { name: 'alice', password: alice.password }, 'Log in');
    let page = await browser.open('/-/web/account/email');
    expect(page.words).toContain('alice@example.org , not confirmed yet');
    page = await browser.submit(page, { email: 'not an address' }, 'Change the address');
    expect([page.status, page.words]).toEqual([
      400,
      expect.stringContaining('The e-mail address is not one'),
    ]);
    page = await browser.submit(page, { email: 'new@example.org' }, 'Change the address');
    expect(page.words).toContain('A link went to new@example.org');
    for (let i = 0; i < 4; i++) page = await browser.submit(page, {}, 'Send the link again');
    const refused = await browser.submit(page, {}, 'Send the link again');
    expect(refused.status).toBe(429);
    const mails = await receiveMail(registry);
    expect(mails.map(({ to }) => to)).toEqual([
      'new@example.org',
      'alice@example.org',
      ...Array.from({ length: 4 }, () => 'new@example.org'),
    ]);
    await browser.submit(await browser.open(linkIn(mails.at(-1))));
    expect(account(registry).email).toBe('new@example.org');
    registry.clock.advance(2 * hour);
    expect((await browser.open('/-/web/account/email')).path).toContain('/-/web/log-in');
  });
});
