import { accountLetters } from './account-letters.ts';
import { packageLetters } from './package-letters.ts';
import type { Template } from './template.ts';

const letters = { ...accountLetters, ...packageLetters };

export type TemplateName = keyof typeof letters;

/** Every mail there is. */
export const templates: Readonly<Record<TemplateName, Template>> = letters;
