import { afterEach, describe, expect, test, vi } from 'vitest';
import { main } from '../src/main.ts';
import { upstreamsOf } from '../src/wiring.ts';

/** How an operator names other registries. */

afterEach(() => void vi.unstubAllEnvs());

async function refused(...args: readonly string[]): Promise<string> {
  const said: string[] = [];
  const io = {
    stdout: () => {},
    stderr: (text: string) => void said.push(text),
    readStdin: async () => '',
    stopped: async () => {},
  };
  expect(await main(args, io)).toBe(2);
  return said.join('');
}

describe('the options for an upstream', () => {
  test.each([
    ['--upstream', 'http://registry.example/'],
    ['--upstream', 'ftp://registry.example/'],
    ['--upstream', 'https://user:secret@registry.example/'],
    ['--upstream', 'https://registry.example/?token=secret'],
    ['--upstream', 'registry.example'],
    ['--upstream-scope', 'https://registry.example/'],
    ['--upstream-scope', 'acme=https://registry.example/'],
    ['--upstream-scope', '@acme/tool=https://registry.example/'],
    ['--upstream-scope', '@acme=http://registry.example/'],
    ['--upstream-archives', 'http://cdn.example/'],
    ['--upstream-cache', '499MB'],
    ['--upstream-cache', '1000000000'],
    ['--upstream-cache', '10GiB'],
    ['--upstream-cache', '-1GB'],
    ['--upstream-cache', '0x10GB'],
    ['--local-name', 'Not A Name'],
    ['--local-name', '@acme/'],
  ])('%s %s is refused as wrong usage', async (option, value) => {
    const said = await refused(option, value);
    expect(said).toContain(`error: ${option} is not`);
    expect(said).not.toContain('secret');
  });

  test('a scope is given once', async () => {
    const args = [
      '--upstream-scope',
      '@acme=https://one.example',
      '--upstream-scope',
      '@acme=https://two.example',
    ];
    expect(await refused(...args)).toContain('is not a new @scope');
  });
});

describe('the token for an upstream', () => {
  const options = {
    upstream: 'https://one.example/',
    upstreamScope: new Map([['@acme-tools', 'https://two.example/']]),
  };

  test('comes from the environment, for each upstream its own', () => {
    vi.stubEnv('PUB_REGISTRY_UPSTREAM_TOKEN', 'one');
    const { all, scopes } = upstreamsOf(options);
    expect([all?.token, scopes.get('@acme-tools')?.token]).toEqual(['one', undefined]);
    vi.stubEnv('PUB_REGISTRY_UPSTREAM_TOKEN_ACME_TOOLS', 'two');
    expect(upstreamsOf(options).scopes.get('@acme-tools')?.token).toBe('two');
  });

  test('is refused when it could not be one, without being repeated', () => {
    vi.stubEnv('PUB_REGISTRY_UPSTREAM_TOKEN', 'secret\r\nx: y');
    expect(() => upstreamsOf(options)).toThrow('PUB_REGISTRY_UPSTREAM_TOKEN does not hold a token');
  });

  test('is never shared by two scopes', () => {
    const upstreamScope = new Map([
      ['@a-b', 'https://one.example/'],
      ['@a_b', 'https://two.example/'],
    ]);
    expect(() => upstreamsOf({ upstreamScope })).toThrow('from one variable');
  });
});
