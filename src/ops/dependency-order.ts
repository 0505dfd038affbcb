import type { Project } from '../ecosystems/ecosystem.ts';

/** Projects in the order they are published in. */
export interface DependencyOrder {
  readonly projects: readonly Project[];
  /** The names of one circle of dependencies, where there is one: no order is right for those. */
  readonly cycle: readonly string[] | undefined;
}

/**
 * Each project after those it depends on, so that at no time something is out whose dependency is not; what is free
 * to choose stays in the order given. A circle is entered where the given order comes to it first. npm, which does
 * not order members at all, publishes such a workspace too, and so does this.
 */
export function inDependencyOrder(projects: readonly Project[]): DependencyOrder {
  const byName = new Map(projects.map((project) => [project.name, project]));
  const placed = new Set<Project>();
  const open: Project[] = [];
  let cycle: readonly string[] | undefined;

  const place = (project: Project): void => {
    if (placed.has(project)) return;
    const at = open.indexOf(project);
    if (at !== -1) {
      if (at < open.length - 1) cycle ??= open.slice(at).map(({ name }) => name);
      return;
    }
    open.push(project);
    for (const name of project.dependencies) {
      const dependency = byName.get(name);
      if (dependency !== undefined) place(dependency);
    }
    open.pop();
    placed.add(project);
  };

  for (const project of projects) place(project);
  return { projects: [...placed], cycle };
}
