/** What the program needs of the process. */
export interface Io {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly readStdin: () => Promise<string>;
  /** Resolves when the process is asked to stop. */
  readonly stopped: () => Promise<void>;
}
