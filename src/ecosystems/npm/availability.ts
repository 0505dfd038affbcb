import { setTimeout as sleep } from 'node:timers/promises';
import { parseJsonObject, stringMember } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import type { Archive } from '../ecosystem.ts';
import type { Availability } from '../registry.ts';
import { encodeSegment, isSuccess, packagePath, type RegistryClient } from './registry-client.ts';

/** The npm registry takes about five minutes, sometimes fifteen. Milliseconds. */
const longestWait = 20 * 60_000;

/** Seconds between two questions, where the registry names none or an odd number. */
const usualPause = 10;
const shortestPause = 1;
const longestPause = 60;

/**
 * `GET /-/package/<package>/version/<version>/status`. A registry that has no such address, or does not tell it of this
 * package (403), says nothing by that.
 */
export async function awaitAvailability(
  client: RegistryClient,
  token: Secret,
  archive: Archive,
  onValidating: (() => void) | undefined,
): Promise<Availability | undefined> {
  const deadline = Date.now() + longestWait;
  for (let told = false; ; told = true) {
    const { availability, pause } = await readStatus(client, token, archive);
    const over = onValidating === undefined || Date.now() >= deadline;
    if (availability !== 'validating' || over) return availability;
    if (!told) onValidating();
    await sleep(pause * 1_000);
  }
}

const meanings: Readonly<Record<string, Availability>> = {
  published: 'published',
  validating: 'validating',
  blocked: 'blocked',
  deleted: 'blocked',
};

async function readStatus(client: RegistryClient, token: Secret, { name, version }: Archive) {
  const response = await client.ask({
    method: 'GET',
    path: `-/package/${packagePath(name)}/version/${encodeSegment(version)}/status`,
    command: 'publish',
    attempt: `failed to ask ${client.displayUrl} whether \`${name}@${version}\` can be installed`,
    token,
  });
  const status = isSuccess(response) ? stringMember(parseJsonObject(response.text), 'status') : undefined;
  const known = status !== undefined && Object.hasOwn(meanings, status);
  return {
    availability: known ? meanings[status] : undefined,
    pause: pauseIn(response.headers['retry-after']),
  };
}

function pauseIn(header: string | undefined): number {
  const seconds = header === undefined ? usualPause : Number(header);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, shortestPause), longestPause) : usualPause;
}
