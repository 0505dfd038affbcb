import { expect, test } from 'vitest';
import { proofs, registryWith, token } from './registry-harness.ts';

const list = 'GET /npm/-/pub/v1/invitations';
const invitation = {
  id: 7,
  package: '@acme/tool',
  role: 'owner',
  invited_by: 'alice',
  expires: '2026-01-08T12:00:15.000Z',
};
const acme = 'GET /npm/-/pub/v1/organisations/acme';
const organisation = { name: 'acme', require_2fa: true, scopes: ['@acme'], members: [] };

test('invitations are read, and answered by their number', async () => {
  const { registry, sent } = registryWith(
    [list, { body: { invitations: [invitation] } }],
    ['POST /npm/-/pub/v1/invitations/7', { body: {} }],
  );
  expect(await registry.invitations(token)).toEqual([
    {
      id: 7,
      ecosystem: 'npm',
      packageName: '@acme/tool',
      role: 'owner',
      invitedBy: 'alice',
      expires: invitation.expires,
    },
  ]);
  await registry.answerInvitation(proofs, 7, 'accept');
  expect(JSON.parse(String(sent[1]?.body))).toEqual({ answer: 'accept' });
  expect(sent.map(({ oneTimePassword }) => oneTimePassword)).toEqual([undefined, '123456']);
});

test.each([
  {},
  { invitations: [{}] },
  { invitations: [{ ...invitation, id: '../7' }] },
  { invitations: [{ ...invitation, id: 1.5 }] },
  { invitations: [{ ...invitation, role: 'king' }] },
  { invitations: ['x'] },
])('the invitations in %j are not believed', async (body) => {
  const { registry } = registryWith([list, { body }]);
  await expect(registry.invitations(token)).rejects.toMatchObject({ code: 'E_REGISTRY' });
});

test('an organisation is made, changed and read', async () => {
  const { registry, sent } = registryWith(
    ['POST /npm/-/pub/v1/organisations', { status: 201, body: {} }],
    ['PUT /npm/-/org/acme/user', { status: 201, body: {} }],
    ['DELETE /npm/-/org/acme/user', { status: 204 }],
    ['POST /npm/-/pub/v1/organisations/acme', { body: {} }],
    [acme, { body: { ...organisation, members: [{ name: 'bob', role: 'member', second_factor: false }] } }],
  );
  await registry.createOrganisation(proofs, 'acme');
  await registry.setMember(proofs, 'acme', { user: 'bob', role: 'member' });
  await registry.removeMember(proofs, 'acme', 'bob');
  await registry.requireFactorOfMembers(proofs, 'acme', true);
  expect(await registry.organisation(token, 'acme')).toEqual({
    name: 'acme',
    secondFactorRequired: true,
    scopes: ['@acme'],
    members: [{ name: 'bob', role: 'member', secondFactor: false }],
  });
  expect(sent.slice(0, 4).map(({ body }) => JSON.parse(String(body)))).toEqual([
    { name: 'acme' },
    { user: 'bob', role: 'developer' },
    { user: 'bob' },
    { require_2fa: true },
  ]);
});

test.each([
  {},
  { ...organisation, name: 'other' },
  { ...organisation, members: [{}] },
  { ...organisation, members: [{ name: 'bob', role: 'king' }] },
  { ...organisation, scopes: '@acme' },
])('the organisation in %j is not believed', async (body) => {
  const { registry } = registryWith([acme, { body }]);
  await expect(registry.organisation(token, 'acme')).rejects.toMatchObject({ code: 'E_REGISTRY' });
});

test.each(['..', ''])('an organisation named %j is never asked for', async (name) => {
  const { registry } = registryWith();
  await expect(registry.organisation(token, name)).rejects.toMatchObject({ code: 'E_USAGE' });
});
