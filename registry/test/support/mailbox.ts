import type { OutgoingMail } from '../../src/mail/transport.ts';
import { sendDueMail } from '../../src/mail/worker.ts';
import type { TestRegistry } from './test-registry.ts';

/** Takes every mail that is due out of the outbox, as if it had arrived. */
export async function receiveMail(registry: TestRegistry): Promise<OutgoingMail[]> {
  const mails: OutgoingMail[] = [];
  await sendDueMail(registry.services, { send: async (mail) => void mails.push(mail) });
  return mails;
}

/** Each as `recipient: subject`. */
export async function receiveSubjects(registry: TestRegistry): Promise<string[]> {
  return (await receiveMail(registry)).map(({ to, subject }) => `${to}: ${subject}`);
}

/** The path of the page a mail leads to. */
export function linkIn(mail: OutgoingMail | undefined): string {
  const url = /http\S+\/-\/web\/mail\/\S+/.exec(mail?.text ?? '')?.[0];
  if (url === undefined) throw new Error(`there is no link in "${mail?.subject}"`);
  return new URL(url).pathname;
}
