import type { Yanking } from '../ecosystems/registry.ts';
import {
  type ChangeContext,
  type ChangeRequest,
  changeAtRegistry,
  ownersHint,
} from './change-at-registry.ts';

export interface YankRequest extends Yanking, ChangeRequest {}

/** Yanks a version, or puts it back. Who has it in a lockfile keeps it. */
export async function yank(context: ChangeContext, request: YankRequest): Promise<void> {
  const { name, version, undo } = request;
  const change = { ...request, packageName: name, hints: ownersHint(name) };
  const where = await changeAtRegistry(context, change, async (registry, proofs) => {
    await registry.yank(proofs, { name, version, undo });
    return registry.displayUrl;
  });
  context.terminal.status(undo ? 'Unyanked' : 'Yanked', `${name}@${version} at ${where}`);
  context.terminal.result({ name, version, yanked: !undo, registry: where }, '');
}
