import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { resetFactorByOperator } from '../src/accounts/second-factor/removal.ts';
import { linkIn, receiveMail, receiveSubjects } from './support/mailbox.ts';
import { makeOwner } from './support/people.ts';
import { archiveOf, publish } from './support/publishing.ts';
import { hour, minute } from './support/test-clock.ts';
import { createTestRegistry, profilePath } from './support/test-registry.ts';

/** Who hears of what: every mail is in the transaction of its event, so a refused act writes none. */
describe('a release', () => {
  test('is told to all owners, with what was published, by whom, with what, from where', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    const bob = await registry.signUp('bob');
    await publish(alice, {}, { otp: app.code() });
    await makeOwner(alice, bob, { otp: app.nextCode() });
    await receiveMail(registry);
    const release = { version: '1.1.0' };
    await publish(alice, release, { otp: app.nextCode(), tag: 'next' });
    const mails = await receiveMail(registry);
    expect(mails.map(({ to, subject }) => [to, subject])).toEqual([
      ['alice@example.org', '@acme/tool 1.1.0 was published'],
      ['bob@example.org', '@acme/tool 1.1.0 was published'],
    ]);
    const sha256 = createHash('sha256').update(archiveOf(release)).digest('hex');
    for (const line of [
      'package: @acme/tool',
      'version: 1.1.0',
      'tag: next',
      `SHA-256: ${sha256}`,
      'by: alice',
      'approved with: totp',
      'program: lightMyRequest',
      'from: 127.0.0.1',
      'at: 2026-01-01 12:0',
    ]) {
      expect(mails[1]?.text).toContain(`  ${line}`);
    }
  });

  test('that is refused, or repeated, is told to nobody', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    const mallory = await registry.signUp('mallory');
    await publish(alice, {}, { otp: app.code() });
    await receiveMail(registry);
    await publish(mallory, { version: '2.0.0' });
    await publish(alice, { version: '2.0.0' }, { otp: app.wrongCode() });
    expect((await publish(alice, {}, { via: 'pub' })).status).toBe(200);
    expect(await receiveSubjects(registry)).toEqual([]);
  });

  test('without a second factor says so', async () => {
    const registry = await createTestRegistry();
    await publish(await registry.signUp('alice'));
    expect((await receiveMail(registry)).at(-1)?.text).toContain('approved with: no second factor');
  });
});

describe('a package that no longer requires a second factor', () => {
  test('is told to all owners, and one that begins to is not', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    await publish(alice, {}, { otp: app.code() });
    await receiveMail(registry);
    const path = '/-/package/@acme%2ftool/access';
    await alice.post(path, { publish_requires_tfa: true }, { otp: app.nextCode() });
    expect(await receiveSubjects(registry)).toEqual([]);
    await alice.post(path, { publish_requires_tfa: false }, { otp: app.nextCode() });
    expect(await receiveSubjects(registry)).toEqual([
      'alice@example.org: @acme/tool no longer requires a second factor',
    ]);
  });
});

describe('a package that is opened', () => {
  test('is told to all owners, and one that is closed is not', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice, {}, { access: 'restricted' });
    await receiveMail(registry);
    const path = '/-/package/@acme%2ftool/access';
    for (const access of ['public', 'public', 'restricted'])
      expect((await alice.post(path, { access })).status).toBe(200);
    expect(await receiveSubjects(registry)).toEqual(['alice@example.org: @acme/tool is public']);
  });
});

describe('a second factor', () => {
  test('that is asked for less often is told to its owner', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    await receiveMail(registry);
    const change = { tfa: { mode: 'auth-only', password: alice.password } };
    expect((await alice.post(profilePath, change, { otp: app.nextCode() })).status).toBe(200);
    const [mail, ...more] = await receiveMail(registry);
    expect([mail?.to, mail?.subject, more]).toEqual([
      'alice@example.org',
      'When alice is asked for a second factor was changed',
      [],
    ]);
    expect(mail?.text.replaceAll(/\s+/g, ' ')).toContain(
      'owners and policy, and not for releases from now on',
    );
  });

  test('that is added, removed or reset is told to its owner', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await receiveMail(registry);
    const app = await registry.enrol(alice);
    const disable = { tfa: { mode: 'disable', password: alice.password } };
    expect((await alice.post(profilePath, disable, { otp: app.wrongCode() })).code).toBe('otp_refused');
    await alice.post(profilePath, disable, { otp: app.nextCode() });
    await registry.enrol(alice);
    await resetFactorByOperator(registry.services, 1);
    expect(await receiveSubjects(registry)).toEqual([
      'alice@example.org: A second factor was added to alice',
      'alice@example.org: A second factor of alice was removed',
      'alice@example.org: A second factor was added to alice',
      'alice@example.org: The second factor of alice was reset',
    ]);
  });

  test('that somebody guesses at is told once for each lock', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    await receiveMail(registry);
    for (let i = 0; i < 4; i++) await publish(alice, {}, { otp: app.wrongCode() });
    expect(await receiveSubjects(registry)).toEqual([]);
    await registry.logIn('alice', { otp: '00000000000000000000' });
    for (let i = 0; i < 4; i++) {
      await publish(alice, {}, { otp: app.wrongCode() });
      registry.clock.advance(hour);
    }
    expect(await receiveSubjects(registry)).toEqual(['alice@example.org: Many wrong codes for alice']);
    await publish(alice, {}, { otp: app.nextCode() });
    await receiveMail(registry);
    for (let i = 0; i < 6; i++) await publish(alice, { version: '2.0.0' }, { otp: app.wrongCode() });
    expect(await receiveSubjects(registry)).toEqual(['alice@example.org: Many wrong codes for alice']);
  });
});

describe('a recovery code', () => {
  test('that is used is told with the end of the hold, and so are codes that run low', async () => {
    const registry = await createTestRegistry();
    const [, app] = await registry.signUpWithFactor('alice');
    await receiveMail(registry);
    await registry.logIn('alice', { otp: app.recoveryCodes[0] as string });
    const [mail, ...others] = await receiveMail(registry);
    expect([mail?.subject, others]).toEqual(['A recovery code of alice was used', []]);
    expect(mail?.text).toContain('held until: 2026-01-04 12:00:45 UTC');
    expect(mail?.text).toContain('codes left: 9');
    for (const otp of app.recoveryCodes.slice(1, 7)) await registry.logIn('alice', { otp });
    const subjects = await receiveSubjects(registry);
    expect(subjects.filter((subject) => subject.includes('running out'))).toHaveLength(1);
    expect(subjects).toHaveLength(7);
  });

  test('does not come back in the answer of a program', async () => {
    const registry = await createTestRegistry();
    const [, app] = await registry.signUpWithFactor('alice');
    const answer = await registry.logIn('alice', { otp: app.recoveryCodes[0] as string });
    expect(answer.text).not.toMatch(/\d{20}/);
    expect(registry.sql('select id from recovery_codes where used_at is null')).toHaveLength(9);
  });
});

describe('what a mail never has', () => {
  test('a secret besides the one link, or a link that approves', async () => {
    const registry = await createTestRegistry();
    const [alice, app] = await registry.signUpWithFactor('alice');
    await publish(alice, {}, { otp: app.code() });
    await registry.logIn('alice', { otp: app.recoveryCodes[0] as string });
    registry.clock.advance(minute);
    const mails = await receiveMail(registry);
    expect(mails.length).toBeGreaterThan(3);
    const linked = mails.filter(({ html }) => html.includes('<a '));
    expect(linked.map(linkIn)).toEqual([expect.stringMatching(/^\/-\/web\/mail\/verify\//)]);
    for (const { text, html } of mails) {
      for (const secret of [alice.token, alice.password, app.seed, ...app.recoveryCodes]) {
        expect(text + html).not.toContain(secret);
      }
    }
  });
});
