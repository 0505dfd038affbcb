import type { KeychainFault } from './keychain-protocol.ts';

/**
 * The binding gives every failure the same code, so its text decides (measured with 2.1 on Linux; the numbers
 * are Apple's OSStatus: -25308 interaction not allowed, -128 cancelled, -25293 authorisation failed).
 */
const faults: readonly (readonly [KeychainFault, RegExp])[] = [
  ['locked', /IsLocked|unlock prompt was dismissed|locked collection|-25308|interaction is not allowed/i],
  ['silent', /did not receive a reply|NoReply|timed? ?out/i],
  ['ambiguous', /matched by \d+ credentials/i],
  ['denied', /-128\b|-25293|cancell?ed|access ?denied|not permitted|not valid UTF-8/i],
];

/** What the libraries below say in words that would tell a person nothing (measured with 2.1 on Linux). */
const inOurWords: readonly (readonly [RegExp, string])[] = [
  [
    /dbus-daemon autolaunch|DBUS_SESSION_BUS_ADDRESS/,
    'there is no D-Bus session, over which it would be asked',
  ],
  [/org\.freedesktop\.secrets was not provided/, 'no Secret Service is installed'],
];

/** Which fault an error of the binding is. What is unknown is `unavailable`, never "nothing stored". */
export function faultOf(error: unknown): { status: KeychainFault; reason: string } {
  const messages = messagesOf(error);
  const fault = faults.find(([, pattern]) => messages.some((message) => pattern.test(message)));
  const reason = messages.at(-1) ?? 'unknown';
  const ours = inOurWords.find(([pattern]) => pattern.test(reason));
  return { status: fault?.[0] ?? 'unavailable', reason: ours?.[1] ?? reason };
}

/** Another process changed the entry at the same time (measured): asking again finds the new one. */
export function isRace(error: unknown): boolean {
  return messagesOf(error).some((message) => message.includes('No such interface'));
}

/** From the outside in: the binding's loader blames npm and keeps the real failure as its cause. */
function messagesOf(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...messagesOf(error.cause)] : [];
}
