import { describe, expect, test } from 'vitest';
import { createCargoKeychain } from '../../../src/credentials/cargo-keychain.ts';
import type { KeychainAnswer, KeychainRequest } from '../../../src/credentials/keychain-protocol.ts';
import type { ToolOutcome } from '../../../src/credentials/keychain-tool.ts';
import type { Credential } from '../../../src/credentials/provider.ts';
import { PubError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';

/** The systems that are not at hand: what is asked of them, and what their answers mean. Linux is in `test/keychain`. */
const index = 'sparse+https://registry.example/index/';

interface Scripted {
  readonly platform: NodeJS.Platform;
  readonly tool?: ToolOutcome;
  readonly answer?: KeychainAnswer;
  readonly url?: string;
  readonly interactive?: boolean;
}

interface Asked {
  readonly found: Credential | PubError | undefined;
  readonly tools: readonly (readonly [program: string, args: readonly string[], limit: number])[];
  readonly requests: readonly KeychainRequest[];
}

async function ask({ platform, tool, answer, url = index, interactive = false }: Scripted): Promise<Asked> {
  const tools: [string, readonly string[], number][] = [];
  const requests: KeychainRequest[] = [];
  const provider = createCargoKeychain({
    async runTool(...call) {
      tools.push(call);
      if (tool === undefined) throw new Error('unexpected program');
      return tool;
    },
    async ask(request) {
      requests.push(request);
      if (answer === undefined) throw new Error('unexpected question');
      return answer;
    },
    environment: {},
    platform,
    interactive,
    note: () => {},
  });
  const found = await provider.get({ name: 'lab', url, chosenBy: 'cargo' }).catch((error: PubError) => error);
  return { found, tools, requests };
}

function ended(code: number, stdout = ''): ToolOutcome {
  return { status: 'ended', code, stdout };
}

function tokenOf(found: Asked['found']): string | undefined {
  return found === undefined || found instanceof PubError ? undefined : found.token.expose();
}

function codeOf(found: Asked['found']): string | undefined {
  return found instanceof PubError ? found.code : undefined;
}

describe('macOS', () => {
  test('is asked by the name of the entry, which has no account, through the program of the system', async () => {
    const { found, tools } = await ask({ platform: 'darwin', tool: ended(0, 'tok\n') });
    expect(tokenOf(found)).toBe('tok');
    const args = ['find-generic-password', '-s', `cargo-registry:${index}`, '-a', '', '-w'];
    expect(tools).toEqual([['/usr/bin/security', args, expect.any(Number)]]);
  });

  test('not found is absent; no program is no keychain; neither is an error', async () => {
    expect((await ask({ platform: 'darwin', tool: ended(44) })).found).toBeUndefined();
    expect((await ask({ platform: 'darwin', tool: { status: 'missing' } })).found).toBeUndefined();
  });

  test.each([
    [36, 'E_KEYCHAIN_LOCKED'],
    [128, 'E_KEYCHAIN_DENIED'],
    [51, 'E_KEYCHAIN_DENIED'],
    [1, 'E_KEYCHAIN_DENIED'],
    [-1, 'E_KEYCHAIN_DENIED'],
  ])('exit code %i is %s', async (code, expected) => {
    expect(codeOf((await ask({ platform: 'darwin', tool: ended(code) })).found)).toBe(expected);
  });

  test('a dialog that nobody answers counts as locked', async () => {
    expect(codeOf((await ask({ platform: 'darwin', tool: { status: 'late' } })).found)).toBe(
      'E_KEYCHAIN_LOCKED',
    );
  });
});

describe('Windows', () => {
  test("cargo's name is cut at a dot into what the binding puts together again", async () => {
    const answer = { status: 'found', token: new Secret('tok') } as const;
    const { found, requests } = await ask({ platform: 'win32', answer });
    expect(tokenOf(found)).toBe('tok');
    expect(requests).toHaveLength(1);
    const [{ action, account, service } = { action: '', account: '', service: '' }] = requests;
    expect(action).toBe('get-bytes');
    expect(`${account}.${service}`).toBe(`cargo-registry:${index}`);
  });

  test('a name without a dot is not asked for, rather than asked for wrongly', async () => {
    const { found, requests } = await ask({ platform: 'win32', url: 'sparse+http://localhost:8080/index/' });
    expect([found, requests]).toEqual([undefined, []]);
  });

  test.each([
    ['locked', 'E_KEYCHAIN_LOCKED'],
    ['denied', 'E_KEYCHAIN_DENIED'],
    ['silent', 'E_KEYCHAIN_UNAVAILABLE'],
  ] as const)('%s is an error of its own', async (status, code) => {
    const { found } = await ask({ platform: 'win32', answer: { status, reason: 'why' } });
    expect(codeOf(found)).toBe(code);
  });

  test.each(['absent', 'unavailable'] as const)('%s is "not mine"', async (status) => {
    const answer = status === 'absent' ? { status } : { status, reason: 'why' };
    expect((await ask({ platform: 'win32', answer })).found).toBeUndefined();
  });
});

test("an entry is looked for only where the registry is one of cargo's", async () => {
  for (const platform of ['linux', 'darwin', 'win32'] as const) {
    const { found, tools, requests } = await ask({ platform, url: 'https://registry.example/' });
    expect([found, tools, requests]).toEqual([undefined, [], []]);
  }
});
