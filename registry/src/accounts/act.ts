/**
 * One thing an account asks to do, exact enough that a person can approve it and nothing else passes for it:
 * publishing these bytes under this version, adding this owner to this package.
 */
export interface Act {
  /** As in the audit log: `publish`, `owner:add`. */
  readonly action: string;
  /** On what: `npm:@acme/tool@1.0.0`, `alice`. */
  readonly subject: string;
  /** All else that is decided by it, such as the digest of the archive. Never a secret. */
  readonly details: Readonly<Record<string, string>>;
}

/** One text for one act, whatever the order its members were written in. */
export function actText({ action, subject, details }: Act): string {
  const sorted = Object.entries(details).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([action, subject, sorted]);
}

/** The act in a text that `actText` made. */
export function parseAct(text: string): Act {
  const [action, subject, details] = JSON.parse(text) as [string, string, [string, string][]];
  return { action, subject, details: Object.fromEntries(details) };
}
