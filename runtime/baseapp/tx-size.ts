/** Bytes a transaction takes in a block: tag, length and itself. */
export function protoSize(tx: Uint8Array): number {
  return 1 + varintSize(tx.length) + tx.length;
}

/** Length of a transaction that surely fits into this many bytes of a block. */
export function largestTx(room: number): number {
  return room < 2 ? 0 : room - 1 - varintSize(room);
}

function varintSize(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest >>>= 7) bytes++;
  return bytes;
}
