import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';

const running = new Set<ChildProcess>();
// A test that fails leaves nothing behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A process that can be ended and started again; its output goes to one log. */
export class Daemon {
  readonly log: string;
  readonly #command: string;
  readonly #environment: NodeJS.ProcessEnv;
  #args: readonly string[];
  #child: ChildProcess | undefined;

  constructor(command: string, args: readonly string[], log: string, environment: NodeJS.ProcessEnv = {}) {
    this.#command = command;
    this.#args = args;
    this.log = log;
    this.#environment = environment;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Exit status of the last run; undefined while it runs or when a signal ended it. */
  get exitCode(): number | undefined {
    return this.#child?.exitCode ?? undefined;
  }

  /** Starts it, with other arguments from now on if given. */
  start(args?: readonly string[]): void {
    if (this.isRunning) throw new Error(`${this.#command} is running`);
    this.#args = args ?? this.#args;
    const log = openSync(this.log, 'a');
    const child = spawn(this.#command, this.#args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...this.#environment },
    });
    closeSync(log);
    this.#child = child;
    running.add(child);
    child.on('exit', () => running.delete(child));
  }

  /** Sends a signal and waits for the end. @throws Error when it goes on for half a minute */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(30_000) });
    child.kill(signal);
    try {
      await ended;
    } catch {
      throw new Error(`${this.#command} does not end on ${signal}:\n${this.tail()}`);
    }
  }

  /** Waits until it ends by itself. */
  async ended(timeoutMs: number): Promise<void> {
    const until = Date.now() + timeoutMs;
    while (this.isRunning) {
      if (Date.now() > until) throw new Error(`${this.#command} still runs:\n${this.tail()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  output(): string {
    return existsSync(this.log) ? readFileSync(this.log, 'utf8') : '';
  }

  tail(lines = 25): string {
    return this.output().split('\n').slice(-lines).join('\n');
  }
}
