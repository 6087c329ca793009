/** Why an answer cannot be used; the words of `requests_total{outcome}`. */
export type HttpFault = 'timeout' | 'too_large' | 'network' | 'rate_limited' | 'http_error';

export class HttpFailure extends Error {
  constructor(
    readonly fault: HttpFault,
    message: string,
    /** How long the server wants to be left alone, if it said. */
    readonly retryAfterMs?: number,
    readonly status?: number,
    /** What came with an error status, cut short. */
    readonly body?: string,
  ) {
    super(message);
  }
}

export interface HttpRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  /** JSON to send. */
  readonly body?: string;
  /** For everything, from connecting to the last byte. */
  readonly timeoutMs: number;
  /** Of the body, after decompression. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

const maxErrorBytes = 4_096;
/** Longest pause that a server can talk us into. */
const maxRetryAfterMs = 600_000;

/**
 * One request. Redirects are refused: a venue's address is what is configured.
 * @throws HttpFailure
 */
export async function request(options: HttpRequest): Promise<string> {
  const { url, maxBytes, timeoutMs } = options;
  // Not AbortSignal.any: with a signal that lives as long as the process it keeps what it made.
  const abort = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    abort.abort();
  }, timeoutMs);
  const stop = (): void => abort.abort();
  options.signal?.addEventListener('abort', stop);
  const { signal } = abort;
  try {
    if (options.signal?.aborted === true) stop();
    const response = await fetch(url, {
      method: options.method ?? 'GET',
      redirect: 'manual',
      signal,
      headers: {
        accept: 'application/json',
        'user-agent': 'plimsolld-prices',
        ...(options.body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(options.body !== undefined && { body: options.body }),
    });
    const ok = response.status === 200;
    const body = await readBody(response, ok ? maxBytes : maxErrorBytes, ok);
    if (ok) return body;
    const retryAfterMs = retryAfter(response.headers.get('retry-after'));
    const limited =
      response.status === 429 || response.status === 418 || (retryAfterMs !== undefined && response.status !== 200);
    throw new HttpFailure(
      limited ? 'rate_limited' : 'http_error',
      `status ${response.status}`,
      retryAfterMs,
      response.status,
      body,
    );
  } catch (error) {
    if (error instanceof HttpFailure) throw error;
    if (late) throw new HttpFailure('timeout', `no whole answer within ${timeoutMs} ms`);
    throw new HttpFailure('network', reasonOf(error));
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stop);
  }
}

/** Reads at most so many bytes; more is an error, or is cut off where it does not matter. */
async function readBody(response: Response, maxBytes: number, strict: boolean): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      size += value.length;
      if (size > maxBytes) {
        if (strict) throw new HttpFailure('too_large', `more than ${maxBytes} bytes`);
        break;
      }
    }
  } finally {
    // Ends the connection when bytes are left; without any it does nothing.
    reader.cancel().catch(() => {});
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Seconds, or a date. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), maxRetryAfterMs);
}

/** fetch hides what went wrong in causes. */
function reasonOf(error: unknown): string {
  let inner = error as Error & { code?: string };
  while (inner.cause instanceof Error) inner = inner.cause as Error & { code?: string };
  return inner.code ?? inner.message;
}
