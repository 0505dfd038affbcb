import { freshHome } from './fresh-home.ts';
import { builtRegistry, pinnedNode } from './places.ts';
import { expectSuccess, run } from './processes.ts';

export interface AuditEvent {
  /** As `subject:act`: `account:login`. */
  readonly tag: string;
  readonly actor: string;
  readonly subject: string;
  readonly [member: string]: unknown;
}

/** What `pub-registry audit list` prints, oldest first. */
export async function auditEvents(data: string): Promise<AuditEvent[]> {
  await using home = await freshHome();
  const args = [builtRegistry, 'audit', 'list', '--data', data];
  const { stdout } = expectSuccess(await run(pinnedNode, args, { env: home.env, timeout: 20_000 }));
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEvent);
}
