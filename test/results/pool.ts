import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Compared, Path } from '../simulation/compare/compare.js';

const jobs = Number(process.env['JOBS'] ?? availableParallelism());
const worker = fileURLToPath(new URL('worker.ts', import.meta.url));

/** What a worker answers. */
export type Answer = { readonly found: Compared } | { readonly failed: string };

/**
 * Runs paths in so many processes (JOBS), each of which runs one after the
 * other; results come in the order of the paths, whoever finished first.
 * @throws Error of the first path that failed
 */
export async function runAll(paths: readonly Path[], done: (finished: number) => void): Promise<Compared[]> {
  const results = new Array<Compared>(paths.length);
  let next = 0;
  let finished = 0;
  const work = async (): Promise<void> => {
    const child = fork(worker);
    try {
      while (next < paths.length) {
        const at = next++;
        results[at] = await ask(child, paths[at]!);
        done(++finished);
      }
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(jobs, paths.length)) }, work));
  return results;
}

function ask(child: ChildProcess, path: Path): Promise<Compared> {
  const name = `${path.caseId}, seed ${path.seed}`;
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`${name}: the process ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (answer: Answer) => {
      child.off('exit', ended);
      if ('found' in answer) resolve(answer.found);
      else reject(new Error(`${name}: ${answer.failed}`));
    });
    child.send(path);
  });
}
