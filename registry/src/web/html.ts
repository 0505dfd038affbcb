import { raw, html as template } from 'hono/html';

/** Text that is HTML already. Only the template below and `provenHtml` make it. */
export type Html = ReturnType<typeof raw>;

/** What a page may hold. `undefined`, `null` and booleans leave nothing, so that `condition && html` reads well. */
export type Content = string | number | boolean | null | undefined | Html | readonly Content[];

/** Writes HTML. Every value is escaped, in text and in quoted attributes: write attributes in quotes, always. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return template(strings, ...values) as Html;
}

/** Takes text for HTML as it is. For the output of a renderer that escapes by itself, and nothing else. */
export function provenHtml(text: string): Html {
  return raw(text);
}
