import { existsSync } from 'node:fs';
import type { Services } from '../services.ts';
import { openServices } from '../wiring.ts';

/** Runs an operator's command over a data folder, beside a server that may be using it. */
export async function withServices<T>(data: string, work: (services: Services) => Promise<T>): Promise<T> {
  const services = await openServices(data, { registration: 'closed', publicUrl: () => '' });
  try {
    return await work(services);
  } finally {
    await services.close();
  }
}

/** For commands that look at what is there: a mistyped folder is not made. */
export function requireData(data: string): void {
  if (!existsSync(data)) throw new Error(`there is no data folder at ${data}`);
}
