import { expect } from 'vitest';
import type { Answer, Client } from './client.ts';
import type { TestRegistry } from './test-registry.ts';

export const invitationsPath = '/-/pub/v1/invitations';

/** Answers the one invitation that waits for this account. */
export async function answerInvitation(
  client: Client,
  answer: 'accept' | 'decline' = 'accept',
  otp?: string,
): Promise<Answer> {
  const { invitations } = (await client.get(invitationsPath)).body;
  expect(invitations).toHaveLength(1);
  return await client.post(`${invitationsPath}/${invitations[0].id}`, { answer }, { otp });
}

/** `owner` invites, and `client` accepts. */
export async function makeOwner(
  owner: Client,
  client: Client,
  options: {
    readonly name?: string;
    readonly role?: 'owner' | 'maintainer';
    readonly otp?: string | undefined;
    readonly acceptWith?: string | undefined;
  } = {},
): Promise<void> {
  const { name = '@acme/tool', role, otp, acceptWith } = options;
  const body = { user: client.name, ...(role && { role }) };
  const invited = await owner.put(`/-/package/${name.replace('/', '%2f')}/owners`, body, { otp });
  expect(invited.status, invited.text).toBe(200);
  const accepted = await answerInvitation(client, 'accept', acceptWith);
  expect(accepted.status, accepted.text).toBe(200);
}

/** To whom mails of that kind go, in the order they were written. */
export function mailsOf(registry: TestRegistry, template: string): string[] {
  const rows = registry.sql(`select recipient from outbox where template = '${template}' order by id`);
  return rows.map(({ recipient }) => recipient);
}
