import { afterAll, beforeAll, expect, test } from 'vitest';
import { npmArchive, sha256 } from '../support/archives.ts';
import { type BrowserPerson, personInBrowser } from '../support/browser-person.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** What a program can do with an approval of a person in a browser, besides what was approved. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

interface Answer {
  readonly status: number;
  readonly body: { readonly code?: string; readonly token?: string; readonly [member: string]: unknown };
}

interface Asking {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

async function ask(url: string, asking: Asking = {}): Promise<Answer> {
  const { body, ...rest } = asking;
  const answer = await fetch(url, {
    ...rest,
    ...(body !== undefined && { body: new Uint8Array(Buffer.from(body)) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) };
}

interface Release {
  readonly name: string;
  readonly version: string;
  readonly content?: string;
}

/** A program that has the token of its person, and nothing else. */
class Program {
  readonly #headers: Readonly<Record<string, string>>;

  constructor(token: string) {
    this.#headers = { authorization: `Bearer ${token}`, 'npm-auth-type': 'web' };
  }

  /** Asks for an approval of the release; gives where it is decided, and where its proof comes from. */
  async preflight(release: Release): Promise<{ readonly pageUrl: string; readonly doneUrl: string }> {
    const archive = archiveOf(release);
    const { name, version } = release;
    const releases = [{ ecosystem: 'npm', name, version, sha256: sha256(archive), size: archive.length }];
    const answer = await ask(`${registry.url}/-/pub/v1/preflight`, {
      method: 'POST',
      headers: { ...this.#headers, 'content-type': 'application/json' },
      body: JSON.stringify({ browser: true, releases }),
    });
    const factor = answer.body['second_factor'] as { approval: { auth_url: string; done_url: string } };
    return { pageUrl: factor.approval.auth_url, doneUrl: factor.approval.done_url };
  }

  async upload(release: Release, proof: string): Promise<Answer> {
    const archive = archiveOf(release);
    return await ask(`${registry.url}/-/pub/v1/releases/npm/${release.name}/${release.version}`, {
      method: 'PUT',
      headers: {
        ...this.#headers,
        'npm-otp': proof,
        'content-type': 'application/octet-stream',
        'content-digest': `sha-256=:${sha256(archive, 'base64')}:`,
      },
      body: archive,
    });
  }

  async send(method: 'POST' | 'PUT', path: string, body: unknown, proof: string): Promise<Answer> {
    const headers = { ...this.#headers, 'npm-otp': proof, 'content-type': 'application/json' };
    return await ask(`${registry.url}${path}`, { method, headers, body: JSON.stringify(body) });
  }
}

function archiveOf({ name, version, content = 'what was shown' }: Release): Buffer {
  return npmArchive({ name, version }, { 'index.js': content });
}

/** The person approves this release, seeing its digest; the program gets its proof. */
async function approved(person: BrowserPerson, program: Program, release: Release): Promise<string> {
  const { pageUrl, doneUrl } = await program.preflight(release);
  const { facts } = await person.read(pageUrl);
  expect(facts['SHA-256 of the archive']?.replaceAll(' ', '')).toBe(sha256(archiveOf(release)));
  await person.approve();
  const { token } = (await ask(doneUrl)).body;
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect((await ask(doneUrl)).status, 'the proof is handed out once').toBe(404);
  return token as string;
}

async function versionsOf(name: string): Promise<string[]> {
  const { status, body } = await ask(`${registry.url}/${name}`);
  return status === 404 ? [] : Object.keys(body['versions'] as object);
}

test('a proof is refused for other bytes, another version, another package, an owner, a policy, and a second time', async () => {
  await using person = await personInBrowser(registry.url, 'alice', 'passkey');
  await using friend = await personInBrowser(registry.url, 'friend', 'passkey');
  const program = new Program(person.account.token);
  const first = { name: 'tool', version: '1.0.0' };
  const firstProof = await approved(person, program, first);
  expect((await program.upload(first, firstProof)).status).toBe(201);

  const shown = { name: 'tool', version: '1.1.0' };
  const proof = await approved(person, program, shown);
  const { name } = friend.account;
  const [theirs, owners, access] = ['theirs', '/-/package/tool/owners', '/-/package/tool/access'];
  // Four of them: after five wrong codes a registry looks at none for a while.
  await expectRefused({
    'other bytes': () => program.upload({ ...shown, content: 'what was not shown' }, proof),
    'another version': () => program.upload({ ...shown, version: '1.1.1' }, proof),
    'another package': () => program.upload({ ...shown, name: 'other-tool' }, proof),
    'an owner': () => program.send('PUT', owners, { user: name }, proof),
    'another account': () => new Program(friend.account.token).upload({ ...shown, name: theirs }, proof),
  });
  expect(await versionsOf('tool')).toEqual(['1.0.0']);
  expect([await versionsOf('other-tool'), await versionsOf(theirs)]).toEqual([[], []]);

  // None of the attempts used it up; what was shown does, once.
  expect((await program.upload(shown, proof)).status).toBe(201);
  // A passkey forgives the wrong ones so far; a proof that is shown does not.
  await approved(person, program, { name: 'tool', version: '1.2.0' });
  await expectRefused({
    'a second time': () => program.upload({ ...shown, version: '1.3.0' }, proof),
    'a policy': () => program.send('POST', access, { publish_requires_tfa: true }, proof),
    'a proof used before': () => program.upload({ ...shown, version: '1.3.0' }, firstProof),
  });
  expect(await versionsOf('tool')).toEqual(['1.0.0', '1.1.0']);
});

async function expectRefused(attempts: Readonly<Record<string, () => Promise<Answer>>>): Promise<void> {
  for (const [what, attempt] of Object.entries(attempts)) {
    const { status, body } = await attempt();
    expect([what, status, body.code]).toEqual([what, 401, 'otp_refused']);
  }
}

test('the browser of another account sees nothing of it, and can neither approve nor deny', async () => {
  await using alice = await personInBrowser(registry.url, 'ada', 'passkey');
  await using mallory = await personInBrowser(registry.url, 'mallory', 'passkey');
  const program = new Program(alice.account.token);
  const release = { name: 'adas', version: '1.0.0' };
  const { pageUrl, doneUrl } = await program.preflight(release);

  const { heading, facts } = await mallory.read(pageUrl);
  expect([heading, facts]).toEqual(['Another account asked for this', {}]);
  const { page } = mallory.browser;
  expect(await page.locator('main').textContent()).not.toContain('adas');
  // The page has no form for it; with a form of the page, its token and the right origin, it is refused as well.
  for (const path of ['', '/passkey', '/deny']) {
    await mallory.read(pageUrl);
    const action = new URL(`${pageUrl}${path}`).pathname;
    const form = 'main form[action="/-/web/log-out"]';
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === 'POST'),
      page.waitForEvent('framenavigated'),
      page.evaluate(
        `{ const form = document.querySelector('${form}'); form.action = '${action}'; form.submit(); }`,
      ),
    ]);
    expect([path, answer.status()]).toEqual([path, 403]);
  }
  expect((await ask(doneUrl)).status, 'it is still undecided').toBe(202);

  expect((await alice.read(pageUrl)).heading).toBe('Publish adas@1.0.0?');
  await alice.approve();
  const { token } = (await ask(doneUrl)).body;
  expect((await program.upload(release, token as string)).status).toBe(201);
});
