import { expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { Proofs } from '../../../src/ecosystems/proofs.ts';
import type { Registry } from '../../../src/ecosystems/registry.ts';
import { PubError } from '../../../src/errors.ts';
import { SecondFactorRequired } from '../../../src/second-factor/challenge.ts';
import { run } from '../../support/run.ts';
import { memoryCredentials, scriptedRegistries, scriptedRegistry } from '../../support/scripted-context.ts';

function at(registry: Partial<Registry>): Partial<Context> {
  return {
    registries: scriptedRegistries(),
    credentials: memoryCredentials('secret-token'),
    connect: async () => scriptedRegistry(registry),
  };
}

/** Refuses every change without the code 123456, and remembers the others. */
function registryWithFactor() {
  const changes: string[] = [];
  const change = async ({ oneTimePassword }: Proofs, text: string): Promise<void> => {
    if (oneTimePassword?.expose() !== '123456') {
      throw new SecondFactorRequired({ kind: 'missing', text: 'code missing' });
    }
    changes.push(text);
  };
  const registry: Partial<Registry> = {
    createOrganisation: (proofs, name) => change(proofs, `create ${name}`),
    setMember: (proofs, name, { user, role }) => change(proofs, `${user} is ${role} of ${name}`),
    removeMember: (proofs, name, user) => change(proofs, `remove ${user} from ${name}`),
    requireFactorOfMembers: (proofs, name, required) => change(proofs, `${name}: ${required}`),
  };
  return { registry, changes };
}

it.each([
  ['org create acme', 'create acme', 'Created the organisation acme, which you own'],
  ['org add acme bob', 'bob is member of acme', 'Added bob to acme as a member'],
  ['org add acme bob --role owner', 'bob is owner of acme', 'Added bob to acme as an owner'],
  ['org remove acme bob', 'remove bob from acme', 'Removed bob from acme and all its packages'],
  ['org require-2fa acme', 'acme: true', 'Required a second factor of every member of acme'],
  ['org require-2fa acme --off', 'acme: false', 'Removed the second factor requirement of acme'],
])('`pub %s` asks for the second factor and sends the change once', async (line, change, said) => {
  const { registry, changes } = registryWithFactor();
  const outcome = await run(line, { ...at(registry), answers: [['code missing', '123456']] });
  expect([outcome.exitCode, outcome.stderr.trim()]).toEqual([0, said]);
  expect(changes).toEqual([change]);
});

it('members are printed with their roles, and to owners whether they have a factor', async () => {
  const registry: Partial<Registry> = {
    organisation: async (_, name) => ({
      name,
      secondFactorRequired: false,
      scopes: ['@acme'],
      members: [
        { name: 'alice', role: 'owner', secondFactor: true },
        { name: 'bob', role: 'member', secondFactor: false },
        { name: 'carol', role: 'member', secondFactor: undefined },
      ],
    }),
  };
  expect((await run('org members acme', at(registry))).stdout).toBe(
    'alice  owner\nbob  member  no second factor\ncarol  member\n',
  );
  expect(JSON.parse((await run('org members acme --json', at(registry))).stdout)).toEqual({
    organisation: 'acme',
    secondFactorRequired: false,
    scopes: ['@acme'],
    members: [
      { name: 'alice', role: 'owner', secondFactor: true },
      { name: 'bob', role: 'member', secondFactor: false },
      { name: 'carol', role: 'member', secondFactor: null },
    ],
  });
});

it('a refusal says where to look', async () => {
  const registry: Partial<Registry> = {
    async setMember() {
      throw new PubError('E_FORBIDDEN', 'failed to add `bob` to the organisation `acme`', {
        cause: new Error('403: you are a member of the organisation acme, and this takes an owner'),
      });
    },
  };
  expect((await run('org add acme bob', at(registry))).stderr).toMatchInlineSnapshot(`
    "error: failed to add \`bob\` to the organisation \`acme\`
    caused by: 403: you are a member of the organisation acme, and this takes an owner
    hint: run \`pub org members acme\` to see who owns it
    "
  `);
});

it.each(['org create', 'org add acme', 'org add acme bob --role king', 'org members'])(
  '`pub %s` is wrong usage',
  async (line) => {
    expect((await run(line)).exitCode).toBe(2);
  },
);
