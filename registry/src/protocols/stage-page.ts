import type { Services } from '../services.ts';

/** Where a person of the package looks at a staged release and decides. No secret: it asks who they are. */
export function stagePageUrl({ settings }: Pick<Services, 'settings'>, stageId: string): string {
  return `${settings.publicUrl()}/-/web/staged/${stageId}`;
}
