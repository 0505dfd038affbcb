/** One complaint for each line that names a host. The host itself is not repeated. */
export function mentions(text: string, hosts: readonly string[]): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      hosts.some((host) => line.toLowerCase().includes(host))
        ? [`line ${index + 1} names a registry's host`]
        : [],
    );
}

interface Lockfile {
  readonly packages?: Readonly<Record<string, { readonly resolved?: string; readonly link?: boolean }>>;
}

/** One complaint for each package that a lockfile wants from one address. A link inside the workspace is none. */
export function addressesInLockfile(text: string): string[] {
  const { packages = {} } = JSON.parse(text) as Lockfile;
  return Object.entries(packages)
    .filter(([, entry]) => entry.resolved !== undefined && entry.link !== true)
    .map(
      ([path]) =>
        `${path} has a resolved address: npm install --omit-lockfile-registry-resolved leaves it out`,
    );
}
