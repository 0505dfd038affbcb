import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mostAttempts, waitAfter } from '../src/mail/claims.ts';
import { enqueueMail, type MailMessage, mailAccount } from '../src/mail/outbox.ts';
import { listWaitingMail, retryMail } from '../src/mail/outbox-list.ts';
import { renderMail } from '../src/mail/render.ts';
import type { SmtpServer } from '../src/mail/smtp-url.ts';
import { parseSmtpUrl } from '../src/mail/smtp-url.ts';
import { type TemplateName, templates } from '../src/mail/templates.ts';
import { MailFailure, type MailTransport, type OutgoingMail } from '../src/mail/transport.ts';
import { createFolderTransport, createSmtpTransport } from '../src/mail/transports.ts';
import { sendDueMail, startMailWorker } from '../src/mail/worker.ts';
import { MailServer, mailPassword, startMailServer } from './support/mail-server.ts';
import { readMail } from './support/mail-text.ts';
import { day, hour, minute } from './support/test-clock.ts';
import { createTestRegistry, type TestRegistry } from './support/test-registry.ts';

const from = () => 'pub-registry@registry.example';

async function enqueue(
  registry: TestRegistry,
  to: string,
  message: Partial<MailMessage> = {},
): Promise<void> {
  const template = message.template ?? 'factor-added';
  const values = { account: 'alice', ...message.values };
  await registry.services.database.write((transaction) =>
    enqueueMail(transaction, registry.clock.now, { to, template, values }),
  );
}

function smtp(server: SmtpServer, ca: string, password: string | undefined = mailPassword): MailTransport {
  return createSmtpTransport({ server, password, from, ca });
}

const outbox = (registry: TestRegistry) => registry.sql('select * from outbox order by id');

describe('a mail over SMTP', () => {
  test('arrives encrypted, from a known user, in order, as text and HTML', async () => {
    const registry = await createTestRegistry();
    const { server, address } = await startMailServer();
    await enqueue(registry, 'alice@example.org', { values: { factor: 'authenticator app' } });
    await enqueue(registry, 'bob@example.org');
    expect(await sendDueMail(registry.services, smtp(address, server.ca))).toBe(2);
    const [first, second] = server.received;
    expect([first?.recipients, second?.recipients]).toEqual([['alice@example.org'], ['bob@example.org']]);
    expect([first?.encrypted, first?.user]).toEqual([true, 'registry']);
    expect(first?.headers).toMatchObject({
      from: 'pub-registry@registry.example',
      to: 'alice@example.org',
      subject: 'A second factor was added to alice',
      'auto-submitted': 'auto-generated',
    });
    expect(first?.text).toMatchInlineSnapshot(`
      "The account alice has a new second factor.

        account: alice
        factor: authenticator app
        at: 2026-01-01 12:00:15 UTC

      If this was not you: change your password, end all sessions and revoke all tokens on the security page, and tell the operator of the registry.

      This message comes from the package registry at http://registry.example, which can read no answers."
    `);
    expect(first?.html).toContain('<td>authenticator app</td>');
    expect(outbox(registry).every((row) => row.sent_at !== null)).toBe(true);
  });

  test('is not sent where the certificate is not vouched for, or encryption is not offered', async () => {
    const registry = await createTestRegistry();
    const { address } = await startMailServer();
    const { server: plain, address: unencrypted } = await startMailServer({
      options: { hideSTARTTLS: true, disabledCommands: ['STARTTLS'], allowInsecureAuth: true },
    });
    const other = new MailServer();
    for (const transport of [smtp(address, other.ca), smtp(unencrypted, plain.ca)]) {
      await enqueue(registry, 'alice@example.org');
      expect(await sendDueMail(registry.services, transport)).toBe(0);
    }
    expect(plain.received).toEqual([]);
    expect(outbox(registry).map((row) => row.failure)).toEqual([
      expect.stringMatching(/ESOCKET|ETLS/),
      expect.stringContaining('ETLS'),
    ]);
  });

  test('is not sent with a wrong password, and the log tells neither password nor address', async () => {
    const registry = await createTestRegistry();
    const { server, address } = await startMailServer();
    await enqueue(registry, 'alice@example.org');
    await sendDueMail(registry.services, smtp(address, server.ca, 'not the password'));
    expect(server.received).toEqual([]);
    expect(registry.log).toEqual([
      'mail 1 (factor-added) was not sent: the mail server did not take it: EAUTH 535',
    ]);
    expect(() => smtp(address, server.ca, '')).not.toThrow();
    expect(() => createSmtpTransport({ server: address, password: undefined, from })).toThrow(
      'PUB_REGISTRY_SMTP_PASSWORD',
    );
  });

  test('to a recipient the server does not know holds up nobody else', async () => {
    const registry = await createTestRegistry();
    const { server, address } = await startMailServer({
      options: {
        onRcptTo: ({ address: to }, _session, done) =>
          to.startsWith('nobody') ? done(new Error(`no such user: ${to}`)) : done(),
      },
    });
    await enqueue(registry, 'nobody@example.org');
    await enqueue(registry, 'alice@example.org');
    expect(await sendDueMail(registry.services, smtp(address, server.ca))).toBe(1);
    expect(server.received.map((mail) => mail.recipients)).toEqual([['alice@example.org']]);
    expect(registry.log.join()).not.toContain('nobody@');
    expect(outbox(registry)[0].failure).not.toContain('nobody@');
  });

  test('waits while the server is down, and nothing is lost', async () => {
    const registry = await createTestRegistry();
    const down = new MailServer();
    const address = await down.listen();
    await down.stop();
    for (const name of ['alice', 'bob', 'carol']) await enqueue(registry, `${name}@example.org`);
    expect(await sendDueMail(registry.services, smtp(address, down.ca))).toBe(0);
    // One mail found out; the others were not even tried.
    expect(outbox(registry).map((row) => row.attempts)).toEqual([1, 0, 0]);
    const { server } = await startMailServer({ port: address.port });
    expect(await sendDueMail(registry.services, smtp(address, server.ca))).toBe(2);
    registry.clock.advance(minute);
    expect(await sendDueMail(registry.services, smtp(address, server.ca))).toBe(1);
    expect(server.received.flatMap((mail) => mail.recipients)).toEqual([
      'bob@example.org',
      'carol@example.org',
      'alice@example.org',
    ]);
  });
});

/** Does as it is told, where a real server could not be made to. */
function scripted(send: (mail: OutgoingMail) => Promise<void>): MailTransport {
  return { send };
}

describe('the outbox', () => {
  test('tries again after a minute, twice as long each time up to six hours, and keeps what it gives up', async () => {
    const registry = await createTestRegistry();
    await enqueue(registry, 'alice@example.org');
    let tried = 0;
    const failing = scripted(async () => {
      tried += 1;
      throw new Error('alice@example.org is not known');
    });
    for (let attempts = 1; attempts <= mostAttempts; attempts++) {
      await sendDueMail(registry.services, failing);
      expect(tried).toBe(attempts);
      registry.clock.advance(waitAfter(attempts) - 1);
      await sendDueMail(registry.services, failing);
      expect(tried).toBe(attempts);
      registry.clock.advance(1);
    }
    expect([waitAfter(1), waitAfter(2), waitAfter(3), waitAfter(30)]).toEqual([
      minute,
      2 * minute,
      4 * minute,
      6 * hour,
    ]);
    registry.clock.advance(30 * day);
    await sendDueMail(registry.services, failing);
    expect(tried).toBe(mostAttempts);
    expect(registry.log.join()).not.toContain('alice@');
    const [waiting] = await listWaitingMail(registry.services.database.read);
    expect(waiting).toMatchObject({
      recipient: 'alice@example.org',
      attempts: mostAttempts,
      nextAt: undefined,
    });
    expect(
      await registry.services.database.write((transaction) => retryMail(transaction, registry.clock.now)),
    ).toBe(1);
    expect(
      await sendDueMail(
        registry.services,
        scripted(async () => {}),
      ),
    ).toBe(1);
    expect(await listWaitingMail(registry.services.database.read)).toEqual([]);
  });

  test('two workers at once send each mail once', async () => {
    const registry = await createTestRegistry();
    const another = await registry.another();
    const { server, address } = await startMailServer();
    for (let i = 0; i < 12; i++) await enqueue(registry, `user${i}@example.org`);
    const sent = await Promise.all(
      [registry, another, registry, another].map(({ services }) =>
        sendDueMail(services, smtp(address, server.ca)),
      ),
    );
    expect(sent.reduce((a, b) => a + b)).toBe(12);
    expect(server.received).toHaveLength(12);
    expect(new Set(server.received.flatMap((mail) => mail.recipients)).size).toBe(12);
  });

  test('a mail whose worker died after handing it over goes out again, under the same Message-ID', async () => {
    const registry = await createTestRegistry();
    const { server, address } = await startMailServer();
    await enqueue(registry, 'alice@example.org');
    const real = smtp(address, server.ca);
    const handedOver = Promise.withResolvers<void>();
    void sendDueMail(
      registry.services,
      scripted(async (mail) => {
        await real.send(mail);
        handedOver.resolve();
        // As a process that is killed here: it never comes back to mark the mail.
        await new Promise(() => {});
      }),
    );
    await handedOver.promise;
    expect(await sendDueMail(registry.services, real)).toBe(0);
    registry.clock.advance(5 * minute);
    expect(await sendDueMail(registry.services, real)).toBe(1);
    const [first, second] = server.received.map((mail) => [mail.headers['message-id'], mail.headers['date']]);
    expect(server.received).toHaveLength(2);
    expect(first).toEqual(second);
    expect(first?.[0]).toBe(`<${Date.UTC(2026, 0, 1, 12, 0, 15)}.1@registry.example>`);
  });

  test('holds no secret once the mail was sent, and forgets it after a week', async () => {
    const registry = await createTestRegistry();
    await enqueue(registry, 'alice@example.org', {
      template: 'verify-email',
      values: { secret: 'open-sesame' },
    });
    expect(outbox(registry)[0].content).toContain('open-sesame');
    await sendDueMail(
      registry.services,
      scripted(async () => {}),
    );
    expect(JSON.stringify(outbox(registry))).not.toContain('open-sesame');
    registry.clock.advance(8 * day);
    await enqueue(registry, 'alice@example.org');
    await sendDueMail(
      registry.services,
      scripted(async () => {}),
    );
    expect(outbox(registry).map((row) => row.id)).toEqual([2]);
  });

  test('an event that is taken back takes its mail with it', async () => {
    const registry = await createTestRegistry();
    await expect(
      registry.services.database.write(async (transaction) => {
        await enqueueMail(transaction, 0, {
          to: 'a@example.org',
          template: 'factor-added',
          values: { account: 'a' },
        });
        throw new Error('the event failed');
      }),
    ).rejects.toThrow('the event failed');
    expect(outbox(registry)).toEqual([]);
  });

  test('refuses a mail that lacks a word, and writes none to an account without an address', async () => {
    const registry = await createTestRegistry();
    await expect(enqueue(registry, 'a@example.org', { template: 'published' })).rejects.toThrow(
      'the mail published lacks package, version',
    );
    await expect(enqueue(registry, 'a@example.org', { template: 'verify-email' })).rejects.toThrow('secret');
    await registry.signUp('alice');
    registry.sql('delete from outbox; update accounts set email = null');
    await registry.services.database.write((transaction) =>
      mailAccount(transaction, 0, 1, { template: 'factor-added', values: {} }),
    );
    expect(outbox(registry)).toEqual([]);
  });

  test('a worker that is stopped lets the mail it is sending end, and begins no other', async () => {
    const registry = await createTestRegistry();
    await enqueue(registry, 'alice@example.org');
    await enqueue(registry, 'bob@example.org');
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const worker = startMailWorker(
      registry.services,
      scripted(async () => {
        begun.resolve();
        await gate.promise;
      }),
    );
    await begun.promise;
    const stopped = worker.stop();
    gate.resolve();
    await stopped;
    expect(outbox(registry).map((row) => row.sent_at !== null)).toEqual([true, false]);
    // What was claimed for later is free for the next worker at once.
    expect(outbox(registry)[1]).toMatchObject({ attempts: 0, claimed_until: 0 });
  });

  test('a worker that is overtaken gives back nothing that is another one’s by now', async () => {
    const registry = await createTestRegistry();
    await enqueue(registry, 'alice@example.org');
    await enqueue(registry, 'bob@example.org');
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = sendDueMail(
      registry.services,
      scripted(async () => {
        begun.resolve();
        await gate.promise;
        throw new MailFailure('the mail server is away', { cause: undefined, thisMailOnly: false });
      }),
    );
    await begun.promise;
    registry.clock.advance(5 * minute);
    const claimed = Promise.withResolvers<void>();
    void sendDueMail(
      registry.services,
      scripted(async () => {
        claimed.resolve();
        await new Promise(() => {});
      }),
    );
    await claimed.promise;
    const before = outbox(registry);
    gate.resolve();
    expect(await slow).toBe(0);
    expect(outbox(registry)).toEqual(before);
    expect(before.map((row) => row.claimed_until > registry.clock.now)).toEqual([true, true]);
  });
});

describe('the mail folder', () => {
  test('gets one private file for each mail, and the log neither address nor link', async () => {
    const registry = await createTestRegistry();
    const folder = join(registry.data, 'mail');
    await enqueue(registry, 'alice@example.org', {
      template: 'verify-email',
      values: { secret: 'open-sesame' },
    });
    await sendDueMail(
      registry.services,
      createFolderTransport({ folder, from, log: (line) => void registry.log.push(line) }),
    );
    expect(readdirSync(folder)).toEqual(['20260101T120015Z-1.eml']);
    expect(statSync(join(folder, '20260101T120015Z-1.eml')).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const mail = readMail(readFileSync(join(folder, '20260101T120015Z-1.eml'), 'utf8'));
    expect(mail.text).toContain('http://registry.example/-/web/mail/verify/open-sesame\n');
    expect(mail.html).toContain('href="http://registry.example/-/web/mail/verify/open-sesame"');
    expect(registry.log).toEqual(['mail 1 is in 20260101T120015Z-1.eml: no mail server is configured']);
  });
});

describe('the words of a mail', () => {
  const names = Object.keys(templates) as TemplateName[];
  const hostile =
    'x\r\nBcc: eve@example.org\r\n\r\n<script>alert("1")</script>\u202e\u0000 http://evil.example www.evil.example';

  test.each(names)('%s: no value begins a header, a tag, a link or a line of its own', async (template) => {
    const { said, subject, facts = [] } = templates[template];
    const words = [...`${subject} ${said}`.matchAll(/\{(\w+)\}/g)].map(([, word]) => word as string);
    const values = Object.fromEntries([...words, ...facts].map((word) => [word, hostile]));
    const { server, address } = await startMailServer();
    const registry = await createTestRegistry();
    await enqueue(registry, 'alice@example.org', { template, values: { ...values, secret: 'abc' } });
    expect(await sendDueMail(registry.services, smtp(address, server.ca))).toBe(1);
    const [mail] = server.received;
    expect(mail?.recipients).toEqual(['alice@example.org']);
    expect(mail?.headerNames).not.toContain('bcc');
    for (const text of [mail?.text, mail?.headers['subject'], mail?.html]) {
      expect(text).not.toMatch(/^Bcc/m);
      expect(text).not.toMatch(/\u202e|\0|http:\/\/evil|www\.evil/);
    }
    expect(mail?.html).not.toContain('<script');
  });

  test('a mail with a link leads to the registry and to one page only; no other has one', () => {
    for (const template of names) {
      const place = { publicUrl: 'https://registry.example', at: 0 };
      const { html, text } = renderMail(template, { secret: 'abc' }, place);
      const { link } = templates[template];
      const hrefs = [...html.matchAll(/href="([^"]+)"/g)].map(([, href]) => href);
      expect(hrefs).toEqual(link ? [`https://registry.example${link.path}/abc`] : []);
      expect(`${html}${text}`).not.toMatch(/approve(?!d)/);
    }
  });
});

describe('the address of a mail server', () => {
  test.each([
    ['smtps://mail.example', { host: 'mail.example', port: 465, security: 'tls', user: undefined }],
    ['smtp://me@mail.example', { host: 'mail.example', port: 587, security: 'starttls', user: 'me' }],
    [
      'smtp://me%40example.org@mail.example:2525/',
      { host: 'mail.example', port: 2525, security: 'starttls', user: 'me@example.org' },
    ],
    ['smtp://localhost', { host: 'localhost', port: 25, security: 'none', user: undefined }],
    ['smtp://[::1]:1025', { host: '::1', port: 1025, security: 'none', user: undefined }],
    ['smtps://127.0.0.1', { host: '127.0.0.1', port: 465, security: 'tls', user: undefined }],
  ])('%s', (text, server) => {
    expect(parseSmtpUrl(text)).toEqual(server);
  });

  test.each([
    'smtps://me:secret@mail.example',
    'http://mail.example',
    'mail.example',
    'smtp://',
    'smtp://mail.example/path',
    'smtp://mail.example?requireTLS=false',
    'smtp://mail.example#x',
  ])('%s is refused', (text) => {
    expect(parseSmtpUrl(text)).toBeUndefined();
  });
});
