import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expectSuccess, run } from './processes.ts';

export interface TerminalWindowOptions {
  /** All of it; `TERM` is added. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly columns?: number;
}

/** A program in a terminal, and a person in front of it. */
export interface TerminalWindow extends AsyncDisposable {
  /** Waits until the screen shows it, and gives the screen. A time-out is an error that shows the screen. */
  waitFor(text: string | RegExp): Promise<string>;
  type(text: string): Promise<void>;
  /** A key as tmux names it: `Enter`, `C-c`, `Up`. */
  press(key: string): Promise<void>;
  /** A signal from outside, to the program. */
  signal(name: NodeJS.Signals): Promise<void>;
  /** What is and was to be seen, without colours. */
  screen(): Promise<string>;
  /** The same with its escape sequences for colours. */
  coloredScreen(): Promise<string>;
  /** Waits for the program to end. `undefined` when a signal ended it. */
  exitCode(): Promise<number | undefined>;
  close(): Promise<void>;
}

const patience = 20_000;
const paneState = '#{pane_dead},#{pane_dead_status},#{pane_dead_signal},#{pid}';

/** Opens a terminal on a socket of its own. Needs tmux. */
export async function openTerminal(
  command: readonly string[],
  { env, cwd, columns = 80 }: TerminalWindowOptions,
): Promise<TerminalWindow> {
  const folder = await mkdtemp(join(tmpdir(), 'pub-tmux-'));
  const config = join(folder, 'tmux.conf');
  await writeFile(config, 'set -g remain-on-exit on\nset -g history-limit 5000\nset -g status off\n');
  const tmux = async (...args: string[]): Promise<string> => {
    const all = ['-S', join(folder, 'socket'), '-f', config, ...args];
    return expectSuccess(await run('tmux', all, { env, timeout: 10_000 })).stdout;
  };
  const close = async (): Promise<void> => {
    await tmux('kill-server').catch(() => {});
    await rm(folder, { recursive: true, force: true });
  };
  const screen = (...options: string[]) => tmux('capture-pane', '-p', '-J', '-S', '-', ...options);
  const size = ['-x', String(columns), '-y', '40'];
  try {
    await tmux('new-session', '-d', ...size, '-c', cwd ?? folder, '--', ...runnable(command));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async waitFor(text) {
      return await until(
        async () => {
          const shown = await screen();
          return (typeof text === 'string' ? shown.includes(text) : text.test(shown)) ? shown : undefined;
        },
        async () => `the screen never showed ${text}:\n${await screen()}`,
      );
    },
    type: async (text) => void (await tmux('send-keys', '-l', '--', text)),
    press: async (key) => void (await tmux('send-keys', key)),
    async signal(name) {
      process.kill(Number(await tmux('display-message', '-p', '#{pane_pid}')), name);
    },
    screen: () => screen(),
    coloredScreen: () => screen('-e'),
    async exitCode() {
      const ended = await until(
        async () => {
          const state = await tmux('display-message', '-p', paneState);
          const [dead, status, signal, server] = state.trim().split(',');
          if (dead !== '1') return undefined;
          if (status || signal) return [dead, status];
          // The output ended, and tmux has not looked for the status: now and then it misses the signal
          // that says so, and this is that signal again.
          process.kill(Number(server), 'SIGCHLD');
          return undefined;
        },
        async () => `the program did not end:\n${await screen()}`,
      );
      return ended[1] ? Number(ended[1]) : undefined;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** tmux hands a single word to a shell, and several to the system as they are. */
function runnable(command: readonly string[]): readonly string[] {
  return command.length === 1 ? ['/usr/bin/env', ...command] : command;
}

async function until<T>(look: () => Promise<T | undefined>, failure: () => Promise<string>): Promise<T> {
  const end = performance.now() + patience;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(await failure());
    await wait(30);
  }
}
