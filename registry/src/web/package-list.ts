import type { PackageId } from '../packages/packages.ts';
import type { PackageSummary } from '../packages/search.ts';
import { type Content, html } from './html.ts';
import { day } from './time.ts';
import { findLoggedIn, type Visit } from './visit.ts';

/** Where the page of a package is. Names are per ecosystem, and so are pages. */
export function packagePath({ ecosystem, name }: PackageId): string {
  return `/-/web/${ecosystem === 'cargo' ? 'crate' : 'package'}/${name}`;
}

/**
 * What to show to whoever is not logged in: where cargo reads nothing without a token, a page must not tell it either.
 */
export function shownEcosystem(visit: Visit): { readonly ecosystem?: string } {
  const hidden = visit.services.settings.cargoAuthRequired && findLoggedIn(visit) === undefined;
  return hidden ? { ecosystem: 'npm' } : {};
}

export function packageList(packages: readonly PackageSummary[]): Content {
  return html`<ul class="plain">${packages.map(
    ({ ecosystem, name, version, description, publishedAt }) => html`<li>
<a href="${packagePath({ ecosystem, name })}"><strong>${name}</strong></a> ${version} <small>${ecosystem === 'cargo' && 'crate, '}${day(publishedAt)}</small>
${description !== undefined && html`<br><bdi>${description}</bdi>`}
</li>`,
  )}</ul>`;
}
