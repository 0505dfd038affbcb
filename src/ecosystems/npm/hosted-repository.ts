/** A repository on one of the hosts npm has short forms for, and the pages npm derives from it. */
export interface HostedRepository {
  readonly url: string;
  readonly bugs: string;
  readonly homepage: string;
}

const hosts: Readonly<Record<string, string>> = {
  github: 'github.com',
  gitlab: 'gitlab.com',
  bitbucket: 'bitbucket.org',
};

/** From `owner/name`, `github:owner/name` or any URL of the host. `undefined` for every other repository. */
export function hostedRepository(written: string): HostedRepository | undefined {
  const found = fromShortForm(written) ?? fromUrl(written);
  if (found === undefined) return undefined;
  const page = `https://${found.host}/${found.path}`;
  return { url: `git+${page}.git`, bugs: `${page}/issues`, homepage: `${page}#readme` };
}

interface Place {
  readonly host: string;
  /** `owner/name`. */
  readonly path: string;
}

function fromShortForm(written: string): Place | undefined {
  const [, name = 'github', path] = /^(?:(github|gitlab|bitbucket):)?([\w.-]+\/[\w.-]+)$/.exec(written) ?? [];
  const host = hosts[name];
  return path === undefined || host === undefined ? undefined : { host, path: withoutSuffix(path) };
}

function fromUrl(written: string): Place | undefined {
  const pattern =
    /^(?:git\+)?(?:https?|git|ssh|git\+ssh):\/\/(?:[^/@]+@)?([^/:]+)[/:]([\w.-]+\/[\w.-]+?)\/?(?:#.*)?$/;
  const [, host, path] = pattern.exec(written.replace(/^git@([^:]+):/, 'ssh://git@$1/')) ?? [];
  if (host === undefined || path === undefined || !Object.values(hosts).includes(host)) return undefined;
  return { host, path: withoutSuffix(path) };
}

function withoutSuffix(path: string): string {
  return path.replace(/\.git$/, '');
}
