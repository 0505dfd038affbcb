import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { Registry } from '../../../src/ecosystems/registry.ts';
import { SecondFactorRequired } from '../../../src/second-factor/challenge.ts';
import { run } from '../../support/run.ts';
import { memoryCredentials, scriptedRegistries, scriptedRegistry } from '../../support/scripted-context.ts';

function at(registry: Partial<Registry>, token: string | undefined = 'secret-token'): Partial<Context> {
  const credentials = memoryCredentials(token);
  return {
    registries: scriptedRegistries(),
    credentials,
    connect: async () => scriptedRegistry(registry),
  };
}

const invitation = {
  id: 7,
  ecosystem: 'npm',
  packageName: '@acme/tool',
  role: 'maintainer',
  invitedBy: 'alice',
  expires: '2026-01-08T12:00:15.000Z',
} as const;

describe('owner invitations', () => {
  it('prints a line for each, and JSON', async () => {
    const given = () => at({ invitations: async () => [invitation] });
    expect((await run('owner invitations', given())).stdout).toBe(
      '@acme/tool  maintainer  from alice  until 2026-01-08\n',
    );
    expect(JSON.parse((await run('owner invitations --json', given())).stdout)).toEqual({
      invitations: [
        {
          ecosystem: 'npm',
          package: '@acme/tool',
          role: 'maintainer',
          invitedBy: 'alice',
          expires: '2026-01-08T12:00:15.000Z',
        },
      ],
    });
  });

  it('says that there is none', async () => {
    const { exitCode, stdout, stderr } = await run('owner invitations', at({ invitations: async () => [] }));
    expect([exitCode, stdout, stderr]).toEqual([0, '', 'Nobody has invited you.\n']);
  });

  it('needs a login', async () => {
    const given = { ...at({}), credentials: memoryCredentials() };
    expect((await run('owner invitations', given)).exitCode).toBe(4);
  });
});

describe('owner accept and decline', () => {
  it('answers the invitation to that package, once, with the code that was asked for', async () => {
    const answers: unknown[] = [];
    const registry: Partial<Registry> = {
      invitations: async () => [{ ...invitation, id: 6, packageName: 'other' }, invitation],
      async answerInvitation({ oneTimePassword }, id, answer) {
        if (oneTimePassword === undefined) {
          throw new SecondFactorRequired({ kind: 'missing', text: 'code missing' });
        }
        answers.push([oneTimePassword.expose(), id, answer]);
      },
    };
    const outcome = await run('owner accept @acme/tool', {
      ...at(registry),
      answers: [['code missing', '123456']],
    });
    expect(outcome.stderr.trim()).toBe('Accepted you are a maintainer of @acme/tool');
    const declined = await run('owner decline @acme/tool --otp 123456', at(registry));
    expect(declined.stderr.trim()).toBe('Declined the invitation of alice to @acme/tool');
    expect(answers).toEqual([
      ['123456', 7, 'accept'],
      ['123456', 7, 'decline'],
    ]);
  });

  it('says so where there is no invitation', async () => {
    const { exitCode, stderr } = await run(
      'owner accept left-pad',
      at({ invitations: async () => [invitation] }),
    );
    expect(exitCode).toBe(1);
    expect(stderr).toMatchInlineSnapshot(`
      "error: nobody has invited you to \`left-pad\`
      hint: run \`pub owner invitations\` to see what waits for your answer
      "
    `);
  });
});
