import type { Logger } from '../../../runtime/log.js';

interface Stoppable {
  stop(): Promise<void>;
}

/** A second signal, or this long after the first, ends the process the hard way. */
const stopTimeoutMs = 10_000;

/** Starts something, waits for SIGINT, SIGTERM or a fatal error, and stops it cleanly. Sets the exit code. */
export async function runUntilStopped(
  start: (onFatal: (error: Error) => void) => Promise<Stoppable>,
  logger: Logger,
): Promise<void> {
  let finish!: (fatal: Error | undefined) => void;
  const finished = new Promise<Error | undefined>((resolve) => (finish = resolve));
  const signal = (): void => finish(undefined);
  process.once('SIGINT', signal);
  process.once('SIGTERM', signal);
  process.on('unhandledRejection', (error) => finish(error as Error));
  process.on('uncaughtException', (error) => finish(error));

  const running = await start(finish);
  const fatal = await finished;
  if (fatal !== undefined) logger.error({ error: fatal.message, stack: fatal.stack }, 'the node cannot go on');
  logger.info({}, 'stopping');
  setTimeout(() => process.exit(1), stopTimeoutMs).unref();
  try {
    await running.stop();
    logger.info({}, 'stopped');
  } catch (error) {
    logger.error({ error: (error as Error).message }, 'did not stop cleanly');
    process.exitCode = 1;
  }
  if (fatal !== undefined) process.exitCode = 1;
}
