import { encode } from 'uqr';
import { type Html, html } from '../html.ts';

/** A picture of `text`, in the page itself: it holds a secret, and no other request is made for it. */
export function qrCode(text: string, label: string): Html {
  const { data, size } = encode(text, { border: 4 });
  const squares = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')));
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="${label}" shape-rendering="crispEdges"><path fill="currentColor" d="${squares.join('')}"/></svg>`;
}
