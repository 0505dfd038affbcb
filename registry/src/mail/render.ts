import { factNames } from './template.ts';
import { type TemplateName, templates } from './templates.ts';

/** A mail as it goes out. */
export interface Rendered {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface Place {
  /** Where people reach the registry, without a trailing slash. */
  readonly publicUrl: string;
  /** When it happened, in milliseconds. */
  readonly at: number;
}

/** Longer than any name, digest or program that we know of. */
const longestValue = 300;

/** Makes the words of a mail. Every value is hostile: the name of a program is its own choice. */
export function renderMail(
  template: TemplateName,
  values: Readonly<Record<string, string>>,
  { publicUrl, at }: Place,
): Rendered {
  const { subject, said, facts = [], advice, link } = templates[template];
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (_, word: string) => plain(values[word] ?? '?'));
  const rows: [string, string][] = facts.flatMap((name) =>
    values[name] === undefined ? [] : [[factNames[name], plain(values[name])]],
  );
  rows.push(['at', spellTime(at)]);
  const url = link && `${publicUrl}${link.path}/${encodeURIComponent(values['secret'] ?? '')}`;
  const from = `This message comes from the package registry at ${publicUrl}, which can read no answers.`;
  const words = { said: fill(said), rows, link: url && { url, text: link?.text ?? url }, advice, from };
  return { subject: fill(subject), text: asText(words), html: asHtml(words) };
}

interface Words {
  readonly said: string;
  readonly rows: readonly (readonly [string, string])[];
  readonly link: { readonly url: string; readonly text: string } | undefined | '';
  readonly advice: string;
  readonly from: string;
}

function asText({ said, rows, link, advice, from }: Words): string {
  const table = rows.map(([name, value]) => `  ${name}: ${value}`).join('\n');
  return `${[said, table, ...(link ? [link.url] : []), advice, from].join('\n\n')}\n`;
}

function asHtml({ said, rows, link, advice, from }: Words): string {
  const table = rows.map(
    ([name, value]) => `<tr><th align="left">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  const anchor = link
    ? [
        `<p><a href="${escapeHtml(link.url)}">${escapeHtml(link.text)}</a></p>`,
        `<p>${escapeHtml(link.url)}</p>`,
      ]
    : [];
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"></head><body>',
    `<p>${escapeHtml(said)}</p>`,
    `<table>${table.join('')}</table>`,
    ...anchor,
    `<p>${escapeHtml(advice)}</p>`,
    `<p><small>${escapeHtml(from)}</small></p>`,
    '</body></html>',
    '',
  ].join('\n');
}

/**
 * One line without anything that moves a cursor, turns the text around or begins a header, and nothing that a
 * mail reader makes a link of: a stranger must not be able to write to people in our name.
 */
export function plain(value: string): string {
  return value
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll('://', ' ')
    .replaceAll(/\bwww\./gi, 'www ')
    .slice(0, longestValue);
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** `2026-01-31 12:00:05 UTC`: read alike everywhere. */
export function spellTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
