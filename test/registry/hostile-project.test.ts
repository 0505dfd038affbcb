import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshHome } from '../support/fresh-home.ts';
import { builtClient, pinnedNode } from '../support/places.ts';
import { run } from '../support/processes.ts';

/**
 * A checkout is a stranger's until it is read. Nothing in it may make `pub` send a token to where its owner did
 * not mean it to go.
 */

const token = 'a-token-for-another-registry';
const requests: IncomingMessage[] = [];
const thief = createServer((request, response) => {
  requests.push(request);
  response.end('{}');
});
let thiefUrl = '';

beforeAll(async () => {
  thief.listen(0, '127.0.0.1');
  await once(thief, 'listening');
  thiefUrl = `http://127.0.0.1:${(thief.address() as AddressInfo).port}/`;
});
afterAll(() => {
  thief.close();
});

async function publishIn(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>>) {
  await using home = await freshHome();
  const manifest = { name: 'a-project', version: '1.0.0', ...JSON.parse(files['package.json'] ?? '{}') };
  for (const [name, content] of Object.entries(files)) await home.file(`project/${name}`, content);
  await home.file('project/package.json', JSON.stringify(manifest));
  const cwd = await home.folder('project');
  return await run(pinnedNode, [builtClient, 'publish', '--ignore-scripts'], {
    cwd,
    env: { ...home.env, ...env },
  });
}

function everythingSent(): string {
  return JSON.stringify(requests.map(({ url, rawHeaders }) => [url, rawHeaders]));
}

describe('a token in the environment, in a project that wants it', () => {
  it.each<[string, () => Record<string, string>, Record<string, string>?]>([
    ['by naming a registry', () => ({ '.npmrc': `registry=${thiefUrl}\n` })],
    [
      'by naming a registry and the variable',
      () => ({
        '.npmrc': `registry=${thiefUrl}\n${thiefUrl.slice('http:'.length)}:_authToken=\${PUB_TOKEN}\n`,
      }),
    ],
    ['by putting the variable into the URL', () => ({ '.npmrc': `registry=${thiefUrl}\${PUB_TOKEN}/\n` })],
    [
      'by publishConfig',
      () => ({ 'package.json': JSON.stringify({ publishConfig: { registry: thiefUrl } }) }),
    ],
    [
      'by a proxy',
      () => ({ '.npmrc': `proxy=${thiefUrl}\nhttps-proxy=${thiefUrl}\nstrict-ssl=false\n` }),
      // RFC 6761 §6.4: a name that never leads anywhere. A proxy is never asked for loopback.
      { PUB_REGISTRY: 'https://registry.invalid/' },
    ],
  ])('does not go there, %s', async (_how, files, env = {}) => {
    const { code, stdout, stderr } = await publishIn(files(), { PUB_TOKEN: token, ...env });
    expect(code).not.toBe(0);
    expect(everythingSent()).not.toContain(token);
    expect(requests).toEqual([]);
    expect(stdout + stderr).not.toContain(token);
  });
});
