import { pino, type DestinationStream } from 'pino';
import type { Logger } from '../../../runtime/log.js';
import type { NodeConfig } from '../config.js';

/** Logs go to stderr: one JSON object a line, or a line for people. */
export function createLogger({
  log_level: level,
  log_format: format,
}: Pick<NodeConfig, 'log_level' | 'log_format'>): Logger {
  if (format === 'json') return pino({ level }, pino.destination(2));
  const stream: DestinationStream = {
    write(line) {
      const {
        level: number,
        time,
        msg,
        pid: _pid,
        hostname: _hostname,
        ...fields
      } = JSON.parse(line) as Record<string, unknown>;
      const label = pino.levels.labels[number as number] ?? '';
      const details = Object.entries(fields).map(
        ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      );
      process.stderr.write(
        `${new Date(time as number).toISOString()} ${label.toUpperCase().padEnd(5)} ${String(msg)}${details.length === 0 ? '' : `  ${details.join(' ')}`}\n`,
      );
    },
  };
  return pino({ level }, stream);
}
