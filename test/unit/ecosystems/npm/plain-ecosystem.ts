import type { MemberChoice } from '../../../../src/ecosystems/ecosystem.ts';
import { createNpmEcosystem } from '../../../../src/ecosystems/npm/npm-ecosystem.ts';

/** npm's ecosystem with nothing in its environment. */
export function npmEcosystemIn(workingDirectory: string) {
  return createNpmEcosystem({ environment: {}, credentialVariables: [], workingDirectory, output: 2 });
}

/** What a workspace's members are called, seen from `path`. */
export async function membersOf(root: string, choice: MemberChoice = 'all', path = root) {
  const members = await npmEcosystemIn(root).openMembers(path, choice);
  return members && { names: members.projects.map(({ name }) => name), private: members.private };
}
