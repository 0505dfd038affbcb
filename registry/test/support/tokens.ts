import { expect } from 'vitest';
import type { Answer, Client } from './client.ts';

/** As pub's own protocol asks for a token. */
export interface AskedToken {
  readonly name?: string;
  readonly scopes: readonly string[];
  readonly packages?: readonly string[];
  readonly networks?: readonly string[];
  readonly days?: number | undefined;
}

export async function createToken(client: Client, asked: AskedToken, otp?: string): Promise<Answer> {
  const body = { name: 'ci', ...asked, password: client.password };
  return await client.post('/-/pub/v1/tokens', body, { otp });
}

/** The same account through a token with limits. */
export async function limitedClient(client: Client, asked: AskedToken, otp?: string): Promise<Client> {
  const made = await createToken(client, asked, otp);
  expect(made.status, made.text).toBe(201);
  return client.from({ token: made.body.token });
}
