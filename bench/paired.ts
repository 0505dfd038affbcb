import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectSuccess, run } from '../test/support/processes.ts';

/** A program under measurement. */
export interface Contender {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Done before each run, and not measured. */
  readonly prepare?: () => void;
}

export interface Measurement {
  readonly name: string;
  /** Milliseconds of wall time: the median and the fastest run. */
  readonly median: number;
  readonly fastest: number;
  /** Megabytes: the largest resident set of one process. */
  readonly peakMemory: number;
  /** The median over all rounds of this one's time divided by the first contender's in the same round. */
  readonly ratio: number;
}

/**
 * Runs the contenders in turn, round after round (A B A B …), so that whatever else the machine does falls on
 * all of them alike. One round is thrown away first; memory is measured in rounds of its own, because the
 * module that reads it takes time to load.
 */
export async function comparePaired(
  contenders: readonly Contender[],
  rounds: number,
): Promise<Measurement[]> {
  for (const contender of contenders) await timeOf(contender);
  const times = contenders.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) times[index]?.push(await timeOf(contender));
  }
  const peaks: number[] = [];
  for (const contender of contenders) peaks.push(await peakMemoryOf(contender));
  return contenders.map(({ name }, index) => {
    const own = times[index] ?? [];
    const ratios = own.map((time, round) => time / (times[0]?.[round] ?? Number.NaN));
    return {
      name,
      median: median(own),
      fastest: Math.min(...own),
      peakMemory: peaks[index] ?? Number.NaN,
      ratio: median(ratios),
    };
  });
}

/** Prints the measurements as a table; the ratios are to the first row. */
export function printTable(title: string, measurements: readonly Measurement[]): void {
  const rows = measurements.map((one) => [
    one.name,
    `${one.median.toFixed(0)} ms`,
    `${one.fastest.toFixed(0)} ms`,
    `${one.ratio.toFixed(2)} x`,
    Number.isNaN(one.peakMemory) ? '-' : `${one.peakMemory.toFixed(0)} MB`,
  ]);
  const table = [['', 'median', 'fastest', 'ratio', 'peak memory'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  console.log(`\n${title}`);
  for (const row of table) {
    console.log(
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    );
  }
}

async function timeOf(contender: Contender): Promise<number> {
  contender.prepare?.();
  const begun = performance.now();
  await runOnce(contender, {});
  return performance.now() - begun;
}

/** Megabytes: the most of three runs. Not known of what does not run on Node. */
async function peakMemoryOf(contender: Contender): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'pub-bench-'));
  const file = join(folder, 'peaks');
  const reading = {
    BENCH_PEAK_MEMORY_FILE: file,
    NODE_OPTIONS: `--require ${join(import.meta.dirname, 'peak-memory.cjs')}`,
  };
  try {
    for (let round = 0; round < 3; round++) {
      contender.prepare?.();
      await runOnce(contender, reading);
    }
    if (!existsSync(file)) return Number.NaN;
    return Math.max(...readFileSync(file, 'utf8').trim().split('\n').map(Number)) / 1024;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runOnce(contender: Contender, more: Readonly<Record<string, string>>): Promise<void> {
  const [program, ...args] = contender.command;
  expectSuccess(await run(program, args, { cwd: contender.cwd, env: { ...contender.env, ...more } }));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
