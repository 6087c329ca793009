import { spawn } from 'node:child_process';
import { ClassicLevel } from 'classic-level';

/** When a process dies: at which of its database writes, and on which side of it. */
export interface KillPlan {
  /** 1 is the first write after opening. */
  readonly write: number;
  readonly how: 'before' | 'during' | 'after';
}

/** Kill plans from a seed: every side of a write, early and late ones. */
export function* killPlans(seed: number, most: number): Generator<KillPlan> {
  const sides = ['during', 'before', 'after'] as const;
  let state = seed >>> 0;
  for (let n = 0; ; n++) {
    // The Lehmer generator: small, and the same everywhere.
    state = Number((BigInt(state) * 48_271n + 1n) % 2_147_483_647n);
    yield { write: 1 + (state % most), how: sides[n % 3]! };
  }
}

type Write = (this: unknown, ...args: unknown[]) => Promise<unknown>;

/** Makes this process kill itself, without any chance to clean up, as `KILL_PLAN` in its environment says. */
export function armKill(): void {
  const text = process.env['KILL_PLAN'];
  if (text === undefined) return;
  const { write, how } = JSON.parse(text) as KillPlan;
  let count = 0;
  const die = (): void => process.kill(process.pid, 'SIGKILL') as unknown as void;
  const prototype = ClassicLevel.prototype as unknown as Record<string, Write>;
  for (const name of ['batch', 'put', 'del', 'clear']) {
    const original = prototype[name]!;
    prototype[name] = function (...args) {
      if (++count !== write) return original.apply(this, args);
      if (how === 'before') die();
      const done = original.apply(this, args);
      if (how === 'after') return done.then(die);
      // The writing thread has begun, or is about to: up to a tenth of a millisecond of it.
      const until = process.hrtime.bigint() + BigInt((write * 7_919) % 100) * 1_000n;
      setImmediate(() => {
        while (process.hrtime.bigint() < until);
        die();
      });
      return done;
    };
  }
}

export interface Life {
  /** Lines of standard output. */
  readonly lines: readonly string[];
  /** It died of the plan. */
  readonly killed: boolean;
}

/** Runs a TypeScript program until it ends or its plan kills it. @throws Error when it ends in any other way */
export function live(program: string, args: readonly string[], plan?: KillPlan): Promise<Life> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...(plan === undefined ? {} : { KILL_PLAN: JSON.stringify(plan) }) },
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (data) => (output += String(data)));
    child.stderr.on('data', (data) => (errors += String(data)));
    child.on('close', (code, signal) => {
      const lines = output.split('\n').slice(0, -1);
      if (code === 0 || signal === 'SIGKILL') resolve({ lines, killed: code !== 0 });
      else reject(new Error(`${program} ended with ${code ?? signal}: ${errors || output}`));
    });
  });
}
