import { parameter } from '../../protocols/request.ts';
import type { Visit } from '../visit.ts';

/** The secret of the link that was opened. Longer ones are none of ours. */
export function linkSecret({ request }: Visit): string {
  return parameter(request, 'secret').slice(0, 100);
}
