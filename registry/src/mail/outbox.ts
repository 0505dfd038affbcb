import { listOwners } from '../packages/packages.ts';
import type { Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { type Placeholders, statement } from '../store/statement.ts';
import { type TemplateName, templates } from './templates.ts';

/**
 * A mail is a row, written in the transaction of the event it tells of: neither is there without the other,
 * and no event waits for a mail server. `worker.ts` sends it, and renders it only then.
 */
export interface MailMessage {
  readonly to: string;
  readonly template: TemplateName;
  /** What the template's words in braces and its facts stand for. `secret` for the one with a link. */
  readonly values: Record<string, string>;
}

export async function enqueueMail(transaction: Write, now: number, message: MailMessage): Promise<void> {
  const { to, template, values } = message;
  refuseMissing(template, values);
  await insertMail.run(transaction, { to, template, content: JSON.stringify(values), now });
}

const insertMail = statement(
  (
    db,
    {
      to,
      template,
      content,
      now,
    }: Placeholders<{ to: string; template: string; content: string; now: number }>,
  ) =>
    db.insertInto('outbox').values({
      recipient: to,
      template,
      content,
      created_at: now,
      attempts: 0,
      next_at: now,
      claimed_until: 0,
    }),
);

/** A mail to the person behind an account, with its name as the value `account`. Nothing where there is no address. */
export async function mailAccount(
  transaction: Write,
  now: number,
  accountId: number,
  message: Pick<MailMessage, 'template' | 'values'>,
): Promise<void> {
  const { name, email } = await addressOf.get(transaction, { accountId });
  if (email === null) return;
  const { template, values } = message;
  await enqueueMail(transaction, now, { to: email, template, values: { account: name, ...values } });
}

const addressOf = statement((db, { accountId }: Placeholders<{ accountId: number }>) =>
  db.selectFrom('accounts').select(['name', 'email']).where('id', '=', accountId),
);

/** What a mail says of the program that did it. */
export function fromProgram({ agent, address }: { readonly agent: string; readonly address: string }) {
  return { program: agent, address };
}

/** A mail to everybody a package belongs to; gives how many they are. */
export async function mailOwners(
  transaction: Write,
  now: number,
  record: PackageRecord,
  message: Pick<MailMessage, 'template' | 'values'>,
): Promise<number> {
  const owners = await listOwners(transaction, record);
  for (const { id } of owners) await mailAccount(transaction, now, id, message);
  return owners.length;
}

/** Found when the mail is written, and so by the test of the event, and not when it is sent. */
function refuseMissing(template: TemplateName, values: Record<string, string>): void {
  const { subject, said, link } = templates[template];
  const words = [...`${subject} ${said}`.matchAll(/\{(\w+)\}/g)].map(([, word]) => word as string);
  const missing = [...words, ...(link ? ['secret'] : [])].filter((word) => values[word] === undefined);
  if (missing.length > 0) throw new Error(`the mail ${template} lacks ${missing.join(', ')}`);
}
