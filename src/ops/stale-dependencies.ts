import type { Project } from '../ecosystems/ecosystem.ts';
import type { Standing } from './members-report.ts';

interface Judged {
  standing: Standing;
  readonly project: Pick<Project, 'ecosystem' | 'name' | 'dependencies'>;
}

/**
 * A packed crate holds the digests of the members it depends on. One whose version is out with other contents is
 * therefore no longer something to skip, where a crate that goes out was packed with what lies here: nobody could
 * build that.
 */
export function refuseStaleDependencies(members: readonly Judged[]): void {
  const needed = new Set<string>();
  const add = ({ project }: Judged): void => {
    for (const name of project.dependencies) {
      const dependency = members.find((member) => member.project.name === name);
      if (dependency === undefined || needed.has(name)) continue;
      needed.add(name);
      add(dependency);
    }
  };
  for (const member of members) {
    if (member.standing === 'waiting' && member.project.ecosystem === 'cargo') add(member);
  }
  for (const member of members) {
    if (member.standing === 'version-taken' && needed.has(member.project.name)) member.standing = 'refused';
  }
}
