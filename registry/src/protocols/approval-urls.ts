import type { Capabilities } from '../accounts/approvals.ts';

/**
 * Where a person approves, and where the program fetches what came of it; npm's names. Both hold a capability:
 * they go to the program that asked, and into no log.
 */
export function approvalUrls({ page, done }: Capabilities, publicUrl: string) {
  return {
    authUrl: `${publicUrl}/-/web/approve/${page}`,
    doneUrl: `${publicUrl}/-/v1/done?authId=${done}`,
  };
}
