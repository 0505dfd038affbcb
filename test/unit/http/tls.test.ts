import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { TransportSettings } from '../../../src/http/transport-settings.ts';
import { createTransport } from '../../../src/http/undici-transport.ts';
import { Secret } from '../../../src/secret.ts';
import { type Certificate, selfSigned } from '../../support/certificate.ts';

const day = 24 * 60 * 60 * 1000;
const valid = selfSigned(new Date(Date.now() - day), new Date(Date.now() + day));
const expired = selfSigned(new Date(Date.now() - 2 * day), new Date(Date.now() - day));

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Asks a registry with this certificate; `tokens` are those it was sent. */
async function ask(certificate: Certificate, settings: Partial<TransportSettings>, host = '127.0.0.1') {
  const tokens: (string | undefined)[] = [];
  const server = createServer(certificate, (request, response) => {
    tokens.push(request.headers.authorization);
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transport = createTransport({ userAgent: 'pub/test', strictTls: true, ...settings });
  closers.push(
    () => void server.close(),
    () => transport.close(),
  );
  const url = new URL(`https://${host}:${(server.address() as AddressInfo).port}/`);
  const sending = transport.send({ method: 'GET', url, token: new Secret('hush') });
  return { outcome: await sending.catch((error: unknown) => error), tokens };
}

test('a certificate nobody vouches for is refused before the token is sent', async () => {
  const { outcome, tokens } = await ask(valid, {});
  expect(outcome).toMatchObject({
    code: 'E_NETWORK',
    message: expect.stringMatching(/^the certificate of 127\.0\.0\.1:\d+ is not trusted$/),
    hint: expect.stringContaining('cafile'),
  });
  expect(tokens).toEqual([]);
});

test('a certificate that the settings name is trusted, for its own names only', async () => {
  const { outcome, tokens } = await ask(valid, { caCertificates: [valid.cert] });
  expect([outcome, tokens]).toMatchObject([{ status: 200 }, ['Bearer hush']]);
  const other = await ask(valid, { caCertificates: valid.cert }, 'localhost');
  expect(other.outcome).toMatchObject({ message: expect.stringContaining('is for another name') });
  expect(other.tokens).toEqual([]);
});

test('an expired certificate says so', async () => {
  const { outcome, tokens } = await ask(expired, { caCertificates: expired.cert });
  expect(outcome).toMatchObject({ code: 'E_NETWORK', message: expect.stringContaining('has expired') });
  expect(tokens).toEqual([]);
});

test('checking is left out only where the user turned it off', async () => {
  expect((await ask(valid, { strictTls: false })).outcome).toMatchObject({ status: 200 });
});
