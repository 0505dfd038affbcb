import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pinnedNode } from '../test/support/places.ts';
import { collect, endGroup, startProcess } from '../test/support/processes.ts';

export interface BareServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** Starts `script` of this folder; `folder` is its own and goes with it. */
export async function startBare(
  script: string,
  args: readonly string[],
  folder: string,
): Promise<BareServer> {
  const child = startProcess(pinnedNode, [join(import.meta.dirname, script), ...args], { env: {} });
  const output = collect(child);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.stdout?.on('data', () => {
    const url = /^listening on (\S+)$/m.exec(output.stdout())?.[1];
    if (url !== undefined) resolve(url);
  });
  child.once('close', () => reject(new Error(`the bare server ended\n${output.stderr()}`)));
  return {
    url: await promise,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      endGroup(child);
      rmSync(folder, { recursive: true });
    },
  };
}
