import { PubError } from '../../errors.ts';
import { refusalOf } from '../../http/registry-error.ts';
import type { HttpResponse } from '../../http/transport.ts';
import { isJsonObject, type Json, type JsonObject, parseJsonObject, stringMember } from '../../json.ts';
import { Secret } from '../../secret.ts';
import type { Proofs } from '../proofs.ts';
import type { ListedToken, TokenSettings } from '../tokens.ts';
import { encodeSegment, isSuccess, type RegistryClient, unexpectedAnswer } from './registry-client.ts';

/** npm's token API, and `pub-registry`'s own form for what npm's cannot say. */
const path = '-/npm/v1/tokens';
const command = 'token';

/** At a hundred tokens a page. A registry that never stops is not followed for ever. */
const mostPages = 50;

export async function tokens(client: RegistryClient, token: Secret): Promise<readonly ListedToken[]> {
  const attempt = `failed to list the tokens of your account at ${client.displayUrl}`;
  const listed: ListedToken[] = [];
  let next: string | undefined = path;
  for (let page = 0; next !== undefined; page += 1) {
    if (page === mostPages) throw unexpectedAnswer(attempt, 'its list has no end');
    const answer: JsonObject = await client.read({ method: 'GET', path: next, command, attempt, token });
    const { objects, urls } = answer;
    if (!Array.isArray(objects)) throw unexpectedAnswer(attempt, 'it has no list of tokens');
    listed.push(...objects.map((entry) => listedToken(entry, attempt)));
    next = isJsonObject(urls) ? nextPage(client, stringMember(urls, 'next'), attempt) : undefined;
  }
  return listed;
}

/** Relative to the registry, as npm takes it, and never anywhere else: the token goes along. */
function nextPage(client: RegistryClient, next: string | undefined, attempt: string): string | undefined {
  if (next === undefined || next === '') return undefined;
  const url = URL.parse(next.replace(/^\/+/, ''), client.url);
  if (url === null || !url.href.startsWith(client.url))
    throw unexpectedAnswer(attempt, 'its next page is not at this registry');
  return url.href.slice(client.url.length);
}

function listedToken(entry: Json, attempt: string): ListedToken {
  const object = isJsonObject(entry) ? entry : undefined;
  const key = stringMember(object, 'key');
  if (object === undefined || key === undefined || !/^[\w-]{1,256}$/.test(key))
    throw unexpectedAnswer(attempt, 'it lists a token without a key');
  const text = (member: string) => oneLine(stringMember(object, member) ?? '') || undefined;
  return {
    key,
    name: text('name'),
    beginning: text('token'),
    scopes: textList(object['permissions']),
    readOnly: object['readonly'] === true,
    packages: textList(object['packages']) ?? [],
    networks: textList(object['cidr_whitelist']) ?? [],
    created: text('created'),
    expires: text('expires') ?? text('expiry'),
    lastUsed: text('last_used'),
  };
}

/** A list has a line for each token: what a registry calls one must not begin another. */
function oneLine(text: string): string {
  return text
    .slice(0, 500)
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
}

/** npm's own registry has objects in some of these lists: they are left out, not guessed at. */
function textList(value: Json | undefined): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((entry): entry is string => typeof entry === 'string').map(oneLine);
  return texts.length === value.length ? texts : undefined;
}

export async function createToken(
  client: RegistryClient,
  proofs: Proofs,
  password: Secret,
  settings: TokenSettings,
): Promise<{ token: Secret; listed: ListedToken }> {
  const attempt = `failed to make a token at ${client.displayUrl}`;
  const post = (to: string, secretJson: JsonObject) =>
    client.ask({ method: 'POST', path: to, command, attempt, ...proofs, secretJson });
  const first = await post('-/pub/v1/tokens', ownRequest(settings, password));
  const response = isMissing(first) ? await post(path, npmRequest(settings, password, attempt)) : first;
  if (!isSuccess(response)) throw refusalOf(response, attempt, client.url);
  const answer = parseJsonObject(response.text);
  const token = stringMember(answer, 'token');
  if (answer === undefined || token === undefined || !/^[\x21-\x7e]{1,8192}$/.test(token))
    throw unexpectedAnswer(attempt, 'there is no usable token in it');
  return { token: new Secret(token), listed: listedToken({ ...answer, token: '' }, attempt) };
}

function isMissing({ status }: HttpResponse): boolean {
  return status === 404 || status === 405;
}

/** `docs/protocol.md`, "Tokens". */
function ownRequest(settings: TokenSettings, password: Secret): JsonObject {
  const { name, description, scopes, packages, networks, days } = settings;
  return {
    name,
    password: password.expose(),
    scopes,
    ...(description !== undefined && { description }),
    ...(packages.length > 0 && { packages }),
    ...(networks.length > 0 && { networks }),
    ...(days !== undefined && { days }),
  };
}

/** What npm's three permissions are in scopes. Any other set would be given more than was asked for. */
const permissions: Readonly<Record<string, string>> = {
  read: 'read-only',
  'read stage': 'read-write-stage-only',
  'publish read stage yank': 'read-write',
};

/** npm 12's shape, as its own client sends it. */
function npmRequest(settings: TokenSettings, password: Secret, attempt: string): JsonObject {
  const { name, description, packages, networks, days } = settings;
  const permission = permissions[[...settings.scopes].sort().join(' ')];
  if (permission === undefined) {
    throw new PubError('E_REFUSED', attempt, {
      cause: new Error('the registry has no token with exactly these scopes'),
      hint: 'it knows --scope read, --scope read,stage and --scope read,stage,publish,yank',
    });
  }
  const whole = packages.filter((entry) => entry.endsWith('/*')).map((entry) => entry.slice(0, -2));
  const single = packages.filter((entry) => !entry.endsWith('/*'));
  return {
    name,
    password: password.expose(),
    ...(description !== undefined && { description }),
    ...(packages.length === 0 ? { packages_all: true } : { packages: single, scopes: whole }),
    packages_and_scopes_permission: permission,
    ...(networks.length > 0 && { cidr_whitelist: networks }),
    ...(days !== undefined && { expires: days }),
  };
}

export async function revokeToken(client: RegistryClient, proofs: Proofs, key: string): Promise<void> {
  const attempt = `failed to revoke a token at ${client.displayUrl}`;
  await client.send({
    method: 'DELETE',
    path: `${path}/token/${encodeSegment(key)}`,
    command,
    attempt,
    ...proofs,
  });
}
