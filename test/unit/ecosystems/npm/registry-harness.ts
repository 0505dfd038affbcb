import { onTestFinished } from 'vitest';
import { createNpmRegistry } from '../../../../src/ecosystems/npm/registry.ts';
import { Secret } from '../../../../src/secret.ts';
import { type ScriptedAnswer, scriptedTransport } from '../../../support/scripted-transport.ts';

export const token = new Secret('pub_token');
export const proofs = { token, oneTimePassword: new Secret('123456') };

/** A client of a registry that gives these answers, all of which must be used. */
export function registryWith(...script: readonly (readonly [call: string, answer: ScriptedAnswer])[]) {
  const transport = scriptedTransport(...script);
  const target = { name: undefined, url: 'https://registry.example/npm/', chosenBy: 'a test' };
  onTestFinished(() => transport.assertAllUsed());
  return { registry: createNpmRegistry({ target, transport, clientVersion: '1.2.3' }), sent: transport.sent };
}

export const challenge: ScriptedAnswer = {
  status: 401,
  headers: { 'www-authenticate': 'otp' },
  body: { error: 'You must provide a one-time password', code: 'otp_required' },
};
