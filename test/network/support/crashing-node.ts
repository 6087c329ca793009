// Run as `crashing-node.ts METHOD HEIGHT before|after --home DIR`: a node that
// kills itself when it is asked for METHOD at HEIGHT, before doing it, or after
// having done it and before the engine hears so.
import type { Application } from '../../../runtime/abci/application.js';
import { intercept } from './intercept.js';
import { runNodeBehind } from './own-node.js';

const [, , method, height, moment] = process.argv as [string, string, keyof Application, string, 'before' | 'after'];

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}

await runNodeBehind((app) => {
  /** Commit names no height: it is that of the block before it. */
  let latest = 0n;
  const original = app[method].bind(app) as (request: unknown) => Promise<unknown>;
  const crashing = async (request: unknown): Promise<unknown> => {
    const at = (request as { height?: bigint } | undefined)?.height ?? latest;
    if (at !== BigInt(height)) return original(request);
    if (moment === 'before') return die();
    await original(request);
    return die();
  };
  return intercept(app, {
    finalizeBlock: async (request) => {
      latest = request.height;
      return method === 'finalizeBlock'
        ? ((await crashing(request)) as Awaited<ReturnType<Application['finalizeBlock']>>)
        : app.finalizeBlock(request);
    },
    ...(method === 'finalizeBlock' ? {} : { [method]: crashing }),
  });
});
