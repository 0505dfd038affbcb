import { Secret } from '../../secret.ts';
import type { LayeredSettings } from './layered-settings.ts';
import { type Environment, literalPartOf, type NpmrcValue, variablesIn } from './npmrc.ts';

/** A variable that holds a token, and the token. */
export interface EnvironmentToken {
  readonly variable: string;
  readonly token: Secret;
}

const credentialKey = /^\/\/.*:(_authToken|_auth|_password|username|certfile|keyfile)$/;

/** `//host/a/b/`, `//host/a/b`, `//host/a/` … `//host`: npm takes the first of these that has a key. */
function registryKeys(registryUrl: string): readonly string[] {
  const { host, pathname } = new URL(registryUrl);
  const keys: string[] = [];
  for (let key = `//${host}${pathname}`; key.length > '//'.length; key = key.replace(/([^/]+|\/)$/, '')) {
    keys.push(key);
  }
  return keys;
}

/**
 * Only a value that is one reference and nothing else counts, and only if the variable is set: npm would send
 * the literal `${VAR}` as the token, which tells the registry (and anyone who reads its logs) a name from the
 * user's machine. The nearest key decides, so that an unset one never falls back to a token meant for more.
 */
export function environmentToken(
  settings: LayeredSettings,
  registryUrl: string,
  environment: Environment,
): EnvironmentToken | undefined {
  for (const key of registryKeys(registryUrl).map((registry) => `${registry}:_authToken`)) {
    const layer = settings.layers.find(({ values }) => values.has(key));
    const value = layer?.values.get(key);
    if (layer === undefined || typeof value !== 'string') continue;
    const reference = /^\$\{([^${}?]+)\??\}$/.exec(value.trim())?.[1];
    if (reference !== undefined) return tokenFrom(reference, environment[reference]);
    if (layer.isFile) return undefined;
    return tokenFrom(`npm_config_${key}`, literalPartOf(value) === value.trim() ? value : undefined);
  }
  return undefined;
}

function tokenFrom(variable: string, value: string | undefined): EnvironmentToken | undefined {
  const token = value?.trim();
  return token ? { variable, token: new Secret(token) } : undefined;
}

/** Any level counts: a token in the clear is worth a word even where a nearer key hides it. */
export function plaintextToken(settings: LayeredSettings, registryUrl: string): boolean {
  const names = ['_authToken', '_auth', '_password'];
  const keys = registryKeys(registryUrl).flatMap((registry) => names.map((name) => `${registry}:${name}`));
  return settings.layers
    .filter((layer) => layer.isFile)
    .some(({ values }) => keys.some((key) => isLiteral(values.get(key))));
}

/** True when some level names a token for this registry, in whatever form. */
export function namesToken(settings: LayeredSettings, registryUrl: string): boolean {
  const keys = registryKeys(registryUrl).map((registry) => `${registry}:_authToken`);
  return settings.layers.some(({ values }) => keys.some((key) => values.has(key)));
}

function isLiteral(value: NpmrcValue | undefined): boolean {
  return typeof value === 'string' && literalPartOf(value) !== '';
}

/** Every variable that a credential of some registry refers to. */
export function credentialVariables(settings: LayeredSettings): readonly string[] {
  const names = new Set<string>();
  for (const { values } of settings.layers) {
    for (const [key, value] of values) {
      if (!credentialKey.test(key) || typeof value !== 'string') continue;
      for (const name of variablesIn(value)) names.add(name);
    }
  }
  return [...names];
}
