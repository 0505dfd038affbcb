/** What somebody looks for: words, and npm's qualifiers among them, such as `keywords:cli` and `scope:acme`. */
export interface SearchQuery {
  /** All of them, in the name, the description or the keywords. */
  readonly words: readonly string[];
  /** Of each list one, as a keyword in full. */
  readonly keywords: readonly (readonly string[])[];
  /** With its `@`. */
  readonly scope: string | undefined;
  /** Somebody whose name is on the package. */
  readonly maintainer: string | undefined;
}

/** Bounds of one search: each word reads every package once. */
const mostWords = 5;
const longestWord = 50;

const qualifier = /^(keywords|scope|maintainer|author):(.+)$/;
/** Of npm's registry, about what is not known here. */
const withoutMeaning = /^(is|not|insecure|boost-exact|[a-z]+-weight):/;

export function parseSearchQuery(text: string): SearchQuery {
  const parts = text.toLowerCase().split(/\s+/).filter(Boolean).map(shorten);
  const qualified = parts.flatMap((part) => {
    const [, name, value] = qualifier.exec(part) ?? [];
    return name === undefined || value === undefined ? [] : [{ name, value }];
  });
  const qualifierValue = (...names: string[]) => qualified.find(({ name }) => names.includes(name))?.value;
  const scope = qualifierValue('scope');
  return {
    words: parts.filter((part) => !qualifier.test(part) && !withoutMeaning.test(part)).slice(0, mostWords),
    keywords: qualified.filter(({ name }) => name === 'keywords').flatMap(({ value }) => keywordLists(value)),
    scope: scope && `@${scope.replace(/^@/, '')}`,
    maintainer: qualifierValue('maintainer', 'author'),
  };
}

function shorten(part: string): string {
  return part.slice(0, longestWord);
}

/** `a,b` is either of the two, `a+b` both. */
function keywordLists(value: string): string[][] {
  return value
    .split('+')
    .map((list) => list.split(',').filter(Boolean))
    .filter((list) => list.length > 0)
    .slice(0, mostWords);
}
