import { at, parseJson, scalar, type Json } from '../json.js';
import type { Request } from '../providers/description.js';
import { holds } from '../providers/read.js';
import { fill } from '../providers/template.js';
import { clean, type FeedLimits, type Outcome } from './feed.js';
import { request, type HttpFailure } from './http.js';

/** A request that gave no usable answer. */
export class AskFailure extends Error {
  constructor(
    readonly outcome: Exclude<Outcome, 'ok'>,
    message: string,
    /**
     * venue: it is down, out of reach or wants to be left alone, so nothing else should be asked of it either;
     * question: it refuses what it was asked.
     */
    readonly blame: 'venue' | 'question',
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** What became of a request; a fault of ours costs one provider for a while, not the daemon. */
export const failureOf = (error: unknown): AskFailure =>
  error instanceof AskFailure ? error : new AskFailure('internal', String((error as Error).stack), 'venue');

/** Venues that answer 200 say in words that they were asked too often. */
const busyWords = /too many|rate.?limit|too frequent|unavailable|busy|maintenance|overload/i;

/** Does a path ask for one symbol, for several, or for all at once? */
export const askMode = ({ path }: Request): 'one' | 'batch' | 'all' =>
  path.includes('{symbol}') ? 'one' : path.includes('{symbols}') ? 'batch' : 'all';

export function urlOf(base: string, { path, join = ',' }: Request, symbols: readonly string[]): string {
  const encoded = symbols.map((symbol) => encodeURIComponent(symbol));
  const filled = path.replace('{symbols}', encoded.join(join)).replace('{symbol}', encoded[0] ?? '');
  return `${base.replace(/\/$/, '')}${filled}`;
}

/** Makes a described request and tells success from failure as described. @throws AskFailure */
export async function ask(
  description: Request,
  base: string,
  symbols: readonly string[],
  limits: FeedLimits,
  signal: AbortSignal,
): Promise<Json> {
  let text: string;
  try {
    text = await request({
      url: urlOf(base, description, symbols),
      method: description.method ?? 'GET',
      ...(description.body !== undefined && { body: JSON.stringify(fill(description.body, { symbols })) }),
      timeoutMs: limits.timeoutMs,
      maxBytes: limits.maxBytes,
      signal,
    });
  } catch (error) {
    const { fault, status, retryAfterMs, body, message } = error as HttpFailure;
    const said = body === undefined ? undefined : sayOf(description, body);
    const question = fault === 'http_error' && status !== undefined && status >= 400 && status < 500 && status !== 403;
    throw new AskFailure(
      fault,
      said === undefined ? message : `${message}: ${said}`,
      question && !busyWords.test(said ?? '') ? 'question' : 'venue',
      retryAfterMs,
    );
  }
  let answer: Json;
  try {
    answer = parseJson(text);
  } catch {
    const start = clean(text.slice(0, 60));
    throw new AskFailure('not_json', text === '' ? 'an empty answer' : `not JSON: ${start}`, 'venue');
  }
  if (description.success !== undefined && !holds(description.success, answer)) {
    const said = messageOf(description, answer) ?? 'an error without a message';
    throw new AskFailure('venue_error', said, busyWords.test(said) ? 'venue' : 'question');
  }
  return answer;
}

function messageOf({ message }: Request, answer: Json): string | undefined {
  for (const path of message ?? []) {
    const text = scalar(at(answer, path));
    if (text !== undefined && text !== '') return clean(text);
  }
  return undefined;
}

/** What a body that came with an error status says, where it is JSON of the described form. */
function sayOf(description: Request, body: string): string | undefined {
  try {
    return messageOf(description, parseJson(body));
  } catch {
    return undefined;
  }
}
