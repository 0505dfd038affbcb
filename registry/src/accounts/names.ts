import type { Read } from '../store/database.ts';

/**
 * Accounts, organisations and scopes are named from one list: who reads `@acme` must not have to ask which of
 * three acmes is meant. A scope keeps its name for whoever holds it.
 */
export async function isNameTaken(
  db: Read,
  name: string,
  by: { readonly accountId: number } | undefined,
): Promise<boolean> {
  const account = await db.selectFrom('accounts').select('id').where('name', '=', name).executeTakeFirst();
  const organisation = await db
    .selectFrom('organisations')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirst();
  const scope = await db
    .selectFrom('scopes')
    .select('account_id')
    .where('name', '=', `@${name}`)
    .executeTakeFirst();
  const held = scope !== undefined && (by === undefined || scope.account_id !== by.accountId);
  return account !== undefined || organisation !== undefined || held;
}
