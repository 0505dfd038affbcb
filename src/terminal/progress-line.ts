import type { Progress } from './terminal.ts';

const firstDrawnAfter = 1000;
const redrawnAfter = 100;

export interface ProgressLineOptions {
  readonly label: string;
  readonly total: number;
  readonly unit: 'bytes' | 'files';
  readonly columns: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Replaces the line; an empty text removes it. */
  readonly draw: (line: string) => void;
}

/** One line, redrawn in place. It draws nothing during the first second: most transfers are over by then. */
export function createProgressLine(options: ProgressLineOptions): Progress {
  const { total, now, draw } = options;
  const start = now();
  let lastDrawn: number | undefined;
  let finished = false;
  return {
    update(done) {
      const time = now();
      if (finished || time - start < firstDrawnAfter) return;
      if (lastDrawn !== undefined && time - lastDrawn < redrawnAfter && done < total) return;
      lastDrawn = time;
      draw(progressText(options, done, time - start));
    },
    finish() {
      if (!finished && lastDrawn !== undefined) draw('');
      finished = true;
    },
  };
}

function progressText(options: ProgressLineOptions, done: number, elapsed: number): string {
  const { label, total, unit, columns } = options;
  const percent = total === 0 ? 100 : Math.min(100, Math.floor((done / total) * 100));
  const rate = formatBytes(done / (elapsed / 1000));
  const bytes = `${formatBytes(done)} of ${formatBytes(total)}, ${rate}/s`;
  const text = `${label} ${percent}% (${unit === 'bytes' ? bytes : `${done} of ${total} files`})`;
  // The last column stays free: writing into it makes some terminals wrap.
  return text.slice(0, Math.max(0, columns - 1));
}

/** In decimal units, as npm and file managers count. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  if (bytes < 1000 ** 2) return `${(bytes / 1000).toFixed(1)} kB`;
  if (bytes < 1000 ** 3) return `${(bytes / 1000 ** 2).toFixed(1)} MB`;
  return `${(bytes / 1000 ** 3).toFixed(1)} GB`;
}
