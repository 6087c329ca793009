import type { WebSocket } from 'ws';
import { sha256 } from '../../crypto/hash.js';
import type { EmbeddedEngine, ProducedBlock } from '../engine.js';
import * as json from './json.js';
import { matches, parseQuery, tagsOf, type Condition, type Tags } from './query-language.js';

/** CometBFT's limits. */
export const maxClients = 100;
export const maxSubscriptionsPerClient = 5;
/** A reader this far behind is cut off: it must not hold the node's memory. */
const maxBufferedBytes = 16 * 1024 * 1024;

interface Subscription {
  readonly id: unknown;
  readonly query: string;
  readonly conditions: readonly Condition[];
}

interface Notice {
  readonly type: string;
  readonly value: unknown;
  readonly tags: Tags;
}

/** Who listens to which events, and the sending of them. */
export class Subscriptions {
  readonly #clients = new Map<WebSocket, Subscription[]>();

  constructor(engine: EmbeddedEngine) {
    engine.events.on('block', (block) => this.#publish(block));
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  add(socket: WebSocket): void {
    this.#clients.set(socket, []);
  }

  drop(socket: WebSocket): void {
    this.#clients.delete(socket);
  }

  /** @throws Error for a bad query, a repeated one, or too many */
  subscribe(socket: WebSocket, id: unknown, query: string): void {
    const list = this.#clients.get(socket)!;
    if (list.length >= maxSubscriptionsPerClient)
      throw new Error(`max_subscriptions_per_client ${maxSubscriptionsPerClient} reached`);
    if (list.some((each) => each.query === query)) throw new Error('already subscribed');
    list.push({ id, query, conditions: parseQuery(query) });
  }

  /** @throws Error when there is no such subscription */
  unsubscribe(socket: WebSocket, query: string): void {
    const list = this.#clients.get(socket)!;
    const at = list.findIndex((each) => each.query === query);
    if (at === -1) throw new Error('subscription not found');
    list.splice(at, 1);
  }

  unsubscribeAll(socket: WebSocket): void {
    this.#clients.set(socket, []);
  }

  #publish(produced: ProducedBlock): void {
    if ([...this.#clients.values()].every((list) => list.length === 0)) return;
    for (const notice of noticesOf(produced)) {
      const events = Object.fromEntries(notice.tags);
      for (const [socket, list] of this.#clients) {
        for (const { id, query, conditions } of list) {
          if (!matches(conditions, notice.tags)) continue;
          if (socket.bufferedAmount > maxBufferedBytes) {
            socket.terminate();
            break;
          }
          const data = { type: `tendermint/event/${notice.type}`, value: notice.value };
          socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: { query, data, events } }));
        }
      }
    }
  }
}

/** What a block tells: itself, its header, its events, then each transaction. */
function noticesOf({ height, block, blockId, results }: ProducedBlock): Notice[] {
  const number = height.toString();
  const blockTags = (event: string): Tags => tagsOf(results.events, { 'tm.event': event, 'block.height': number });
  const notices: Notice[] = [
    {
      type: 'NewBlock',
      value: {
        block: json.block(block),
        block_id: json.blockId(blockId),
        result_finalize_block: json.finalizeBlock(results),
      },
      tags: blockTags('NewBlock'),
    },
    { type: 'NewBlockHeader', value: { header: json.header(block.header) }, tags: blockTags('NewBlockHeader') },
    {
      type: 'NewBlockEvents',
      value: { height: number, events: json.events(results.events), num_txs: String(block.data.txs.length) },
      tags: blockTags('NewBlockEvents'),
    },
  ];
  for (const [index, tx] of block.data.txs.entries()) {
    const result = results.txResults[index]!;
    notices.push({
      type: 'Tx',
      value: { TxResult: { height: number, index, tx: json.base64(tx), result: json.txResult(result) } },
      tags: tagsOf(result.events, { 'tm.event': 'Tx', 'tx.hash': json.hex(sha256(tx)), 'tx.height': number }),
    });
  }
  return notices;
}
