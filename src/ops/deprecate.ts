import { PubError } from '../errors.ts';
import {
  type ChangeContext,
  type ChangeRequest,
  changeAtRegistry,
  ownersHint,
} from './change-at-registry.ts';

export interface DeprecateRequest extends ChangeRequest {
  readonly packageName: string;
  /** npm's notation; `*` for all versions. */
  readonly range: string;
  /** What installers show; `undefined` takes a deprecation back. */
  readonly message: string | undefined;
}

export async function deprecate(context: ChangeContext, request: DeprecateRequest): Promise<void> {
  const { packageName, range, message } = request;
  if (message?.trim() === '') {
    throw new PubError('E_USAGE', 'a deprecation without a message says nothing', {
      hint: `say what to use instead, or run \`pub undeprecate ${packageName}\``,
    });
  }
  const versions = await changeAtRegistry(
    context,
    { ...request, hints: ownersHint(packageName) },
    (registry, proofs) => registry.packages.deprecate(proofs, packageName, { range, message: message ?? '' }),
  );
  const what = `${packageName}@${versions.join(', ')}`;
  if (message === undefined) context.terminal.status('Undeprecated', what);
  else context.terminal.status('Deprecated', what);
  context.terminal.result({ package: packageName, versions, deprecated: message ?? null }, '');
}
