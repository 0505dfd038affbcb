import { spawn } from 'node:child_process';

export interface BrowserOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/**
 * Opens pages in the person's browser. Not over SSH or without a display: a browser there is on another
 * screen than theirs. The address is an argument of its own, never part of a shell's line.
 */
export function createPageOpener({ environment, platform }: BrowserOptions): (url: string) => Promise<void> {
  return async (url) => {
    const opener = openerOf(environment, platform);
    if (opener === undefined) return;
    const [program, ...args] = opener;
    await new Promise<void>((resolve) => {
      const child = spawn(program, [...args, url], {
        stdio: 'ignore',
        detached: true,
        env: withoutCredentials(environment),
      });
      // No browser, or none that starts: the person has the address.
      child.once('error', () => resolve());
      child.once('spawn', () => {
        child.unref();
        resolve();
      });
    });
  };
}

/** A browser outlives this program by hours, and has no use for a token. */
function withoutCredentials(environment: BrowserOptions['environment']): NodeJS.ProcessEnv {
  const named = /^PUB_|TOKEN|OTP|SECRET|PASSW|_AUTH/i;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !named.test(name)));
}

function openerOf(
  environment: BrowserOptions['environment'],
  platform: NodeJS.Platform,
): readonly [string, ...string[]] | undefined {
  if (environment['SSH_CONNECTION'] || environment['SSH_TTY']) return undefined;
  if (platform === 'darwin') return ['open'];
  // Takes the address as it is, where `cmd /c start` would read `&` in it.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return environment['DISPLAY'] || environment['WAYLAND_DISPLAY'] ? ['xdg-open'] : undefined;
}
