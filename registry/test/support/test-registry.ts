import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import SQLite from 'better-sqlite3';
import type { FastifyInstance } from 'fastify';
import { expect, onTestFinished } from 'vitest';
import type { FactorMode } from '../../src/accounts/second-factor/factors.ts';
import { createApp } from '../../src/app.ts';
import type { Services, Settings } from '../../src/services.ts';
import { foldersIn, openServices } from '../../src/wiring.ts';
import { Authenticator, codeOf, seedIn, step } from './authenticator.ts';
import { Client } from './client.ts';
import { TestClock } from './test-clock.ts';

export const address = 'http://registry.example';

/** Long enough without a second factor. */
export const goodPassword = 'correct horse battery';

/** A registry over a folder of its own: everything real but the clock and the network. */
export class TestRegistry {
  readonly data: string;
  readonly clock: TestClock;
  readonly services: Services;
  readonly app: FastifyInstance;
  /** What the operator would have seen on stderr. */
  readonly log: string[];

  constructor(parts: Pick<TestRegistry, 'data' | 'clock' | 'services' | 'app' | 'log'>) {
    this.data = parts.data;
    this.clock = parts.clock;
    this.services = parts.services;
    this.app = parts.app;
    this.log = parts.log;
  }

  get anonymous(): Client {
    return new Client(this.app);
  }

  /** Another process on the same data folder, as far as one process can show it. */
  async another(options?: TestRegistryOptions): Promise<TestRegistry> {
    return await open(this.data, this.clock, options);
  }

  async signUp(name: string, password = goodPassword): Promise<Client> {
    const email = `${name}@example.org`;
    const answer = await this.anonymous.put(userPath(name), { name, password, email });
    expect(answer.status, answer.text).toBe(201);
    return new Client(this.app, { name, password, token: answer.body.token });
  }

  /** The answer of a login: `body.token` where it succeeded. */
  async logIn(
    name: string,
    {
      password = goodPassword,
      otp,
      from = this.anonymous,
    }: { password?: string; otp?: string; from?: Client } = {},
  ) {
    return await from.put(userPath(name), { name, password }, { otp });
  }

  /** Enrols a second factor. The code that confirms it is used up by that, so the next time step begins. */
  async enrol(client: Client, mode: FactorMode = 'auth-and-writes'): Promise<Authenticator> {
    const begun = await client.post(profilePath, { tfa: { mode, password: client.password } });
    expect(begun.status, begun.text).toBe(200);
    const seed = seedIn(begun.body.tfa);
    const confirmed = await client.post(profilePath, { tfa: [codeOf(seed, this.clock.now)] });
    expect(confirmed.status, confirmed.text).toBe(200);
    this.clock.advance(step);
    return new Authenticator(seed, confirmed.body.tfa, this.clock);
  }

  async signUpWithFactor(name: string, mode?: FactorMode): Promise<[Client, Authenticator]> {
    const client = await this.signUp(name);
    return [client, await this.enrol(client, mode)];
  }

  /** Each event as `tag actor subject`, with the code of a refusal behind it. */
  async auditEvents(): Promise<string[]> {
    const rows = await this.services.database.read
      .selectFrom('audit_events')
      .selectAll()
      .orderBy('sequence')
      .execute();
    return rows.map(({ tag, actor, subject, details }) =>
      [tag, actor, subject, JSON.parse(details).code].filter(Boolean).join(' '),
    );
  }

  /** Everything that lies in the data folder but the keys, as Latin-1 text: to search it for what must not be there. */
  bytesAtRest(): string {
    return readdirSync(this.data, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !['seed-keys', 'signing-keys'].includes(entry.name))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
      .join('\n');
  }

  /** Runs statements on a connection of its own, as somebody with the database file could. */
  // biome-ignore lint/suspicious/noExplicitAny: rows of whatever was asked for
  sql(text: string): any[] {
    const raw = new SQLite(this.databaseFile);
    try {
      const statement = /^\s*select/i.test(text) ? raw.prepare(text) : undefined;
      if (statement) return statement.all();
      raw.exec(text);
      return [];
    } finally {
      raw.close();
    }
  }

  /** Begins `work` while another connection holds the write lock, and lets go when `meanwhile` is done. */
  async behindLock<T>(work: () => Promise<T>, meanwhile: () => Promise<void>): Promise<T> {
    const other = new SQLite(this.databaseFile);
    other.exec('begin immediate');
    try {
      const result = work();
      // Long enough for it to have come to the lock; nothing is concluded from the time itself.
      await sleep(200);
      await meanwhile();
      other.exec('commit');
      return await result;
    } finally {
      other.close();
    }
  }

  get databaseFile(): string {
    return foldersIn(this.data).database;
  }

  get keyFile(): string {
    return foldersIn(this.data).seedKeys;
  }
}

export const profilePath = '/-/npm/v1/user';

export function userPath(name: string): string {
  return `/-/user/org.couchdb.user:${encodeURIComponent(name)}`;
}

export interface TestRegistryOptions {
  readonly settings?: Partial<Settings>;
  readonly ecosystems?: Services['ecosystems'];
  readonly upstreamCacheBytes?: number;
}

/** In memory where there is such a place: what survives a power loss is the crash test's business. */
export const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** For the length of the current test. */
export async function createTestRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const data = mkdtempSync(join(place, 'pub-registry-'));
  onTestFinished(() => rmSync(data, { recursive: true, force: true }));
  return await open(data, new TestClock(), options);
}

async function open(
  data: string,
  clock: TestClock,
  options: TestRegistryOptions = {},
): Promise<TestRegistry> {
  const log: string[] = [];
  const opened = await openServices(data, {
    registration: 'open',
    publicUrl: () => address,
    ...(options.upstreamCacheBytes !== undefined && { upstreamCacheBytes: options.upstreamCacheBytes }),
  });
  const services: Services = {
    ...opened,
    clock: () => clock.now,
    log: (line) => void log.push(line),
    settings: { ...opened.settings, ...options.settings },
    ecosystems: { ...opened.ecosystems, ...options.ecosystems },
  };
  const app = createApp(services);
  onTestFinished(async () => {
    await app.close();
    await opened.close();
  });
  return new TestRegistry({ data, clock, services, app, log });
}
