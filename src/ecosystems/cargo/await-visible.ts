import { setTimeout as sleep } from 'node:timers/promises';
import type { Secret } from '../../secret.ts';
import type { Archive } from '../ecosystem.ts';
import type { IndexClient } from './index-client.ts';

/** Milliseconds between two looks: the first look finds what a registry indexes at once, cargo's pause is a second. */
const pauses = [0, 250, 500] as const;
const longestPause = 1_000;

/** As long as cargo waits. Milliseconds. */
export const longestWait = 60_000;

export interface Waiting {
  readonly onWait: () => void;
  readonly now?: () => number;
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/** Looks into the index until the version is there. False when it did not come in time. */
export async function awaitVisible(
  index: IndexClient,
  token: Secret,
  { name, version }: Archive,
  { onWait, now = Date.now, pause = sleep }: Waiting,
): Promise<boolean> {
  const attempt = `failed to look for \`${name}@${version}\` in the index of ${index.displayUrl}`;
  const until = now() + longestWait;
  for (let look = 0; ; look += 1) {
    const rest = pauses[look] ?? longestPause;
    if (now() + rest > until) return false;
    if (rest > 0) await pause(rest);
    const versions = await index.versions(name, token, attempt);
    if (versions.some((found) => found.version === version)) return true;
    if (look === 0) onWait();
  }
}
