import type { KnownRegistry, Registries } from '../../src/config/registries.ts';
import type { RegistryTarget } from '../../src/config/registry-target.ts';
import type { Context } from '../../src/context.ts';
import type { Credential, Credentials } from '../../src/credentials/provider.ts';
import type { Archive, Members, Project, Projects, PublishSettings } from '../../src/ecosystems/ecosystem.ts';
import type { Registry } from '../../src/ecosystems/registry.ts';
import { PubError } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import type { Prompter, Question } from '../../src/terminal/prompter.ts';

/**
 * The given members, and for every other one a function that throws "unexpected …": a test says what its
 * command may touch, and anything else it touches fails the test.
 */
export function only<T extends object>(name: string, given: Partial<T>): T {
  return new Proxy(given as T, {
    get(target, member, receiver) {
      if (Reflect.has(target, member)) return Reflect.get(target, member, receiver);
      // Being awaited is not a use.
      if (typeof member === 'symbol' || member === 'then') return undefined;
      return () => {
        throw new Error(`unexpected ${name}.${member}`);
      };
    },
  });
}

/** As {@link only}, for members that are values: reading one is already unexpected. */
export function contextWith(given: Partial<Context>): Context {
  return new Proxy(given as Context, {
    get(target, member, receiver) {
      if (Reflect.has(target, member)) return Reflect.get(target, member, receiver);
      throw new Error(`unexpected context.${String(member)}`);
    },
  });
}

export const target: RegistryTarget = {
  name: undefined,
  url: 'https://registry.example/',
  chosenBy: 'the default',
};

export function scriptedRegistry(given: Partial<Registry>): Registry {
  const optional = {
    awaitAvailability: undefined,
    warmUp: undefined,
    awaitVisible: undefined,
    manualLogin: undefined,
    tryToken: undefined,
  };
  return only<Registry>('registry', {
    displayUrl: 'https://registry.example',
    ...(optional as unknown as Partial<Registry>),
    ...given,
  });
}

/** Whatever is asked for, the answer is {@link target}. */
export function scriptedRegistries(given: Partial<Registries> = {}): Registries {
  return only<Registries>('registries', { resolve: async () => target, ...given });
}

export function knownRegistry(name: string, isDefault = false): KnownRegistry {
  return { name, url: `https://${name}.example/`, default: isDefault };
}

/** Credentials that live as long as the test. `kept` is what the keychain holds now. */
export interface MemoryCredentials extends Credentials {
  kept: Credential | undefined;
}

export function memoryCredentials(token?: string): MemoryCredentials {
  const credentials: MemoryCredentials = {
    kept: token === undefined ? undefined : keychainCredential(token, 'alice'),
    get: async () => credentials.kept,
    async require() {
      if (credentials.kept !== undefined) return credentials.kept;
      throw new PubError('E_NOT_LOGGED_IN', 'not logged in to https://registry.example', {
        hint: 'run `pub login`',
      });
    },
    keychain: {
      async probe() {},
      get: async () => credentials.kept,
      async store(_target, account, secret) {
        credentials.kept = keychainCredential(secret.expose(), account);
      },
      async erase() {
        credentials.kept = undefined;
        return true;
      },
    },
  };
  return credentials;
}

function keychainCredential(token: string, account: string): Credential {
  return { token: new Secret(token), account, source: 'the keychain', kept: true };
}

/** A person at the terminal: what they answer to the question that holds each text, in this order. */
export type Answers = readonly (readonly [question: string, answer: string | boolean])[];

/** Fails on a question that is not the next one, and when told to `finish` before the last. */
export function scriptedPrompter(answers: Answers): Prompter & { finish(): void } {
  const left = [...answers];
  const next = ({ message }: Question): string | boolean => {
    const [question, answer] = left.shift() ?? [];
    if (question === undefined || answer === undefined || !message.includes(question)) {
      throw new Error(`unexpected question: ${message}`);
    }
    return answer;
  };
  return {
    text: async (question) => String(next(question)),
    secret: async (question) => new Secret(String(next(question))),
    optionalSecret: async (question) => {
      const answer = String(next(question));
      return answer === '' ? undefined : new Secret(answer);
    },
    visit: async (page) => {
      if (next(page) !== page.url) throw new Error(`unexpected page: ${page.url}`);
    },
    confirm: async (question) => next(question) === true,
    finish() {
      if (left.length > 0) throw new Error(`never asked: ${left.map(([question]) => question).join(', ')}`);
    },
  };
}

export function exampleArchive(changes: Partial<Archive> = {}): Archive {
  return {
    ecosystem: 'npm',
    name: 'left-pad',
    version: '1.3.0',
    fileName: 'left-pad-1.3.0.tgz',
    path: 'left-pad-1.3.0.tgz',
    size: 1234,
    unpackedSize: 5678,
    digests: { sha1: '1'.repeat(40), sha256: '2'.repeat(64), integrity: 'sha512-example' },
    files: [
      { path: 'index.js', size: 5000, mode: 0o644 },
      { path: 'package.json', size: 678, mode: 0o644 },
    ],
    manifest: { name: 'left-pad', version: '1.3.0' },
    concerns: [],
    ...changes,
  };
}

export interface ExampleProject extends Project {
  /** What was done to it, in order. */
  readonly events: string[];
}

/** A project that packs into {@link exampleArchive}, with these changes. */
export function exampleProject(
  archive: Partial<Archive> = {},
  settings: Partial<PublishSettings> = {},
): ExampleProject {
  const packed = exampleArchive(archive);
  const events: string[] = [];
  return {
    events,
    ecosystem: 'npm',
    dependencies: [],
    name: packed.name,
    version: packed.version,
    publishSettings: () => ({ config: {}, tag: undefined, access: undefined, private: false, ...settings }),
    async pack({ purpose, runScripts }) {
      events.push(`pack for ${purpose}${runScripts ? '' : ' without scripts'}`);
      return packed;
    },
    async afterPublish() {
      events.push('after publish');
    },
  };
}

/** One project, whatever path is opened; and the members of a workspace, where there is one. */
export function scriptedProjects(project: Project | undefined, members?: Members): Projects {
  return only<Projects>('projects', {
    ...(project === undefined ? {} : { open: async () => project }),
    ...(members === undefined ? {} : { openMembers: async () => members }),
  });
}
