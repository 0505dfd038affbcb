import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { type FreshHome, freshHome } from './fresh-home.ts';
import { endGroup, run, startProcess } from './processes.ts';

export type KeyringState = 'unlocked' | 'locked' | 'absent' | 'frozen';

/** A session of its own: a home, a bus, and gnome-keyring in a given state. Needs dbus and gnome-keyring. */
export interface Keyring extends AsyncDisposable {
  readonly home: FreshHome;
  /** A whole environment for programs of this session. */
  readonly environment: Readonly<Record<string, string>>;
  /** Changes an unlocked keyring. */
  become(state: 'locked' | 'frozen'): Promise<void>;
  /** What `secret-tool` finds; `undefined` when nothing. Needs libsecret-tools. */
  lookUp(service: string, account: string): Promise<string | undefined>;
  stop(): Promise<void>;
}

export interface KeyringOptions {
  readonly state: KeyringState;
  /** With a screen nobody looks at, on which a dialog stays open for ever. Needs xvfb. */
  readonly display?: boolean;
}

const prompters = '/usr/share/dbus-1/services';
const secrets = 'org.freedesktop.secrets';

export async function startKeyring({ state, display = false }: KeyringOptions): Promise<Keyring> {
  const home = await freshHome();
  const started: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of started.reverse()) await end(child);
    await home.remove();
  };
  try {
    const env: Record<string, string> = { ...home.env };
    if (display) env['DISPLAY'] = await startDisplay(env, started);
    env['DBUS_SESSION_BUS_ADDRESS'] = await startBus(home, env, started);
    const keyring = state === 'absent' ? undefined : await startDaemon(env, started);
    const become = (next: 'locked' | 'frozen'): Promise<void> => change(next, env, keyring);
    if (state === 'locked' || state === 'frozen') await become(state);
    const lookUp = (service: string, account: string) => secretTool(env, service, account);
    return { home, environment: env, become, lookUp, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startDisplay(env: Record<string, string>, started: ChildProcess[]): Promise<string> {
  const server = startProcess('Xvfb', ['-displayfd', '1', '-screen', '0', '640x480x24', '-nolisten', 'tcp'], {
    env,
  });
  started.push(server);
  return `:${await firstLine(server)}`;
}

/** Only the dialogs of gnome-keyring can be started over it: a missing service must stay missing. */
async function startBus(
  home: FreshHome,
  env: Record<string, string>,
  started: ChildProcess[],
): Promise<string> {
  const services = await home.folder('services');
  for (const file of await readdir(prompters)) {
    if (/^org\.gnome\.keyring\..*Prompter\.service$/.test(file)) {
      await copyFile(join(prompters, file), join(services, file));
    }
  }
  const socket = join(home.path, 'run', 'bus');
  const config = await home.file(
    'bus.conf',
    `<busconfig><type>session</type><listen>unix:path=${socket}</listen><servicedir>${services}</servicedir>
    <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`,
  );
  const args = [`--config-file=${config}`, '--nofork', '--nopidfile', '--print-address'];
  const bus = startProcess('dbus-daemon', args, { env });
  started.push(bus);
  await firstLine(bus);
  return `unix:path=${socket}`;
}

async function startDaemon(env: Record<string, string>, started: ChildProcess[]): Promise<ChildProcess> {
  const args = ['--unlock', '--components=secrets', '--foreground'];
  const daemon = startProcess('gnome-keyring-daemon', args, { env });
  started.push(daemon);
  daemon.stdin?.end('password of the keyring');
  const owned = [
    'org.freedesktop.DBus',
    '/',
    'org.freedesktop.DBus.NameHasOwner',
    `string:${secrets}`,
  ] as const;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if ((await call(env, owned)).includes('true')) return daemon;
    await wait(25);
  }
  throw new Error('gnome-keyring did not start');
}

async function change(
  state: 'locked' | 'frozen',
  env: Record<string, string>,
  keyring: ChildProcess | undefined,
): Promise<void> {
  if (keyring?.pid === undefined) throw new Error('there is no keyring to change');
  if (state === 'frozen') {
    process.kill(keyring.pid, 'SIGSTOP');
    return;
  }
  const collection = 'array:objpath:/org/freedesktop/secrets/collection/login';
  await call(env, [secrets, '/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.Lock', collection]);
}

async function call(
  env: Record<string, string>,
  [destination, path, method, argument]: readonly [string, string, string, string],
): Promise<string> {
  const args = ['--session', '--print-reply', `--dest=${destination}`, path, method, argument];
  return (await run('dbus-send', args, { env, timeout: 10_000 })).stdout;
}

async function secretTool(
  env: Record<string, string>,
  service: string,
  account: string,
): Promise<string | undefined> {
  const args = ['lookup', 'service', service, 'username', account];
  const { code, stdout } = await run('secret-tool', args, { env, timeout: 10_000 });
  return code === 0 ? stdout : undefined;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('its output is not read');
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'close').then(() => {
    throw new Error('it ended before it was ready');
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  return line;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  endGroup(child);
  await closed;
}
