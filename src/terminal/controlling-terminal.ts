import { closeSync, openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';

/** The person's terminal, whatever the standard streams are. */
export interface ControllingTerminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
  /** Lets go of it; the program can end only then. */
  close(): void;
}

/**
 * Opens the terminal this program was started from, for a program whose input and output belong to another one.
 * `undefined` where there is none, as in CI. The names are POSIX's and the console's of Windows, where this was not run.
 */
export function openControllingTerminal(platform: NodeJS.Platform): ControllingTerminal | undefined {
  const [inputPath, outputPath] =
    platform === 'win32' ? ['\\\\.\\CONIN$', '\\\\.\\CONOUT$'] : ['/dev/tty', '/dev/tty'];
  const descriptors: number[] = [];
  try {
    const opened = [inputPath, outputPath].map((path) => {
      const descriptor = openSync(path, 'r+');
      descriptors.push(descriptor);
      return descriptor;
    });
    const [inputDescriptor = -1, outputDescriptor = -1] = opened;
    const input = new ReadStream(inputDescriptor);
    const output = new WriteStream(outputDescriptor);
    // A question is piped into it, and a pipe ends what is none of the process' own streams: it is to last for more.
    output.end = () => output;
    return { input, output, close: () => [input, output].forEach((stream) => void stream.destroy()) };
  } catch {
    for (const descriptor of descriptors) closeSync(descriptor);
    return undefined;
  }
}
