import type { PackageSummary } from '../packages/search.ts';
import { type Content, html } from './html.ts';
import { day } from './time.ts';

export function packagePath(name: string): string {
  return `/-/web/package/${name}`;
}

export function packageList(packages: readonly PackageSummary[]): Content {
  return html`<ul class="plain">${packages.map(
    ({ name, version, description, publishedAt }) => html`<li>
<a href="${packagePath(name)}"><strong>${name}</strong></a> ${version} <small>${day(publishedAt)}</small>
${description !== undefined && html`<br><bdi>${description}</bdi>`}
</li>`,
  )}</ul>`;
}
