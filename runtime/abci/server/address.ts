/** Where the application listens for its engine, as CometBFT's `proxy_app` writes it. */
export type AbciAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Longest path of a Unix socket on Linux; other systems allow a few bytes less. */
const maxPathBytes = 107;

/** @throws Error saying what would be accepted */
export function parseAbciAddress(text: string): AbciAddress {
  const expected = 'expected tcp://host:port or unix:///path';
  const tcp = /^tcp:\/\/(\[[0-9a-fA-F:]+\]|[^:/\s[\]]+):(\d{1,5})$/.exec(text);
  if (tcp !== null) {
    const port = Number(tcp[2]);
    if (port > 65_535) throw new Error(`${JSON.stringify(text)}: port ${port} is above 65535; ${expected}`);
    return { kind: 'tcp', host: tcp[1]!.replace(/^\[|\]$/g, ''), port };
  }
  const unix = /^unix:\/\/(\S+)$/.exec(text);
  if (unix === null) throw new Error(`${JSON.stringify(text)}: ${expected}`);
  const path = unix[1]!;
  if (Buffer.byteLength(path) > maxPathBytes) {
    throw new Error(
      `${JSON.stringify(text)}: the path of a Unix socket has at most ${maxPathBytes} bytes, this one ${Buffer.byteLength(path)}`,
    );
  }
  return { kind: 'unix', path };
}
