import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { OrderType, SelfTradePrevention, TimeInForce } from '../../../gen/plimsoll/perps/v1/types.js';
import { plainTerms } from '../codecs.js';
import { runAuction } from '../matching/index.js';
import { base } from '../types.js';
import { u32 } from '../../../runtime/store/key.js';
import { BookView, CommittedBook } from './book-view.js';
import type { BookEntry } from './entry.js';
import { takers } from './post-only.js';
import { orderKey, type BookKey, type BookOrder } from './store.js';
import { afterFill } from './terms.js';

/** docs/matching.md explains the form of the examples. */
const page = readFileSync(new URL('../../../docs/matching.md', import.meta.url), 'utf8');
const thisBlock = 9n;
const modes: Readonly<Record<string, SelfTradePrevention>> = {
  'cancel newest': SelfTradePrevention.SELF_TRADE_PREVENTION_CANCEL_NEWEST,
  'cancel oldest': SelfTradePrevention.SELF_TRADE_PREVENTION_CANCEL_OLDEST,
  'cancel both': SelfTradePrevention.SELF_TRADE_PREVENTION_CANCEL_BOTH,
  decrement: SelfTradePrevention.SELF_TRADE_PREVENTION_DECREMENT,
};

interface Example {
  mark: bigint;
  readonly orders: (readonly [name: string, order: BookOrder])[];
  readonly expected: string[];
}

function parse(text: string): Example {
  const example: Example = { mark: 100n, orders: [], expected: [] };
  for (const line of text.trim().split('\n')) {
    if (line.startsWith('= ')) {
      example.expected.push(line.slice(2));
      continue;
    }
    const mark = /^mark (\d+)$/.exec(line);
    if (mark !== null) {
      example.mark = BigInt(mark[1]!);
      continue;
    }
    const order = /^(buy|sell) ([a-z]+)(\d*) (\d+) at (\d+)(.*)$/.exec(line);
    assert.ok(order !== null, `not understood: ${line}`);
    const [, side, owner, number, quantity, price, special] = order;
    const terms = special!.split(', ').slice(1);
    const value = (name: string): bigint | undefined => {
      const found = terms.find((term) => term.startsWith(`${name} `));
      return found === undefined ? undefined : BigInt(found.slice(name.length + 1));
    };
    const known = ['reduce-only', 'all-or-none', 'fill-or-kill', 'post-only', ...Object.keys(modes)];
    for (const term of terms) assert.ok(known.includes(term) || /^(block|shows) \d+$/.test(term), `term: ${term}`);
    const shows = value('shows') ?? 0n;
    example.orders.push([
      owner! + number!,
      [
        {
          account: owner!.padEnd(20, '_') + u32(0),
          marketId: 1,
          clientId: BigInt(number === '' ? 1 : number!),
          side: side as 'buy' | 'sell',
          price: BigInt(price!),
          height: value('block') ?? thisBlock,
        },
        {
          ...plainTerms,
          type: OrderType.ORDER_TYPE_LIMIT,
          timeInForce: terms.includes('fill-or-kill') ? TimeInForce.TIME_IN_FORCE_FOK : TimeInForce.TIME_IN_FORCE_GTC,
          reduceOnly: terms.includes('reduce-only'),
          quantity: BigInt(quantity!),
          remaining: base(BigInt(quantity!)),
          postOnly: terms.includes('post-only'),
          allOrNone: terms.includes('all-or-none'),
          selfTrade: modes[terms.find((term) => term in modes) ?? 'cancel newest']!,
          displayQuantity: shows,
          displayed: shows,
        },
      ],
    ]);
  }
  return example;
}

/** What the example's orders do, in the words of the page. */
function outcome({ mark, orders }: Example): { fills: string; cancelled: string[]; left: Map<string, string> } {
  const nameOf = new Map(orders.map(([name, [at]]) => [orderKey(at), name]));
  const committed = new CommittedBook();
  for (const [, order] of orders) if (order[0].height < thisBlock) committed.set(orderKey(order[0]), order);
  const view = new BookView(
    committed,
    orders.flatMap(([, order]) => (order[0].height < thisBlock ? [] : [[orderKey(order[0]), order] as const])),
  );
  const cancelled: string[] = [];
  const cancel = ({ key }: BookEntry, reason: string): number => cancelled.push(`${nameOf.get(key)!} ${reason}`);
  for (const entry of takers(view, 1, thisBlock)) {
    view.drop(entry);
    cancel(entry, 'post-only');
  }
  const result = runAuction<BookEntry>({
    bids: view.levels(1, 'buy'),
    asks: view.levels(1, 'sell'),
    referencePrice: mark,
    tickSize: 1n,
    stepSize: 1n,
    allOrNone: view.hasWholes(1),
  });
  for (const { order, left } of result.selfTrades) if (left === 0n) cancel(order, 'self-trade');
  const filled = new Map<string, bigint>();
  const left = new Map<string, string>();
  for (const { order, quantity } of [...result.bidFills, ...result.askFills]) {
    filled.set(nameOf.get(order.key)!, quantity);
    const { remaining } = order.order[1];
    if (quantity === remaining) continue;
    const [at, rest]: readonly [BookKey, BookOrder[1]] = afterFill(order.order, quantity, thisBlock);
    const shown = rest.displayQuantity === 0n ? '' : ` shows ${rest.displayed} block ${at.height}`;
    left.set(nameOf.get(order.key)!, `${rest.remaining}${shown}`);
  }
  for (const [name, [at, { timeInForce }]] of orders) {
    if (timeInForce === TimeInForce.TIME_IN_FORCE_FOK && !filled.has(name) && nameOf.has(orderKey(at)))
      cancelled.push(`${name} fill-or-kill`);
  }
  const inOrder = orders.map(([name]) => name).filter((name) => filled.has(name));
  const fills = `${result.clearingPrice}: ${inOrder.map((name) => `${name} ${filled.get(name)}`).join(', ')}`;
  return { fills, cancelled, left };
}

describe('the examples of docs/matching.md', () => {
  const examples = [...page.matchAll(/```auction\n([^]*?)```/g)].map(([, text]) => text!);
  test('are there', () => {
    assert.ok(examples.length >= 12, `${examples.length} examples`);
  });
  for (const [index, text] of examples.entries()) {
    const heading = [...page.slice(0, page.indexOf(text)).matchAll(/^## (.*)$/gm)].at(-1)![1]!;
    test(`${index + 1}, under "${heading}", do what they say`, () => {
      const example = parse(text);
      const { fills, cancelled, left } = outcome(example);
      const [first, ...more] = example.expected;
      const withoutSpaces = (list: string): string => list.replaceAll(/\s+/g, ' ');
      assert.equal(fills, withoutSpaces(first!));
      assert.equal(
        cancelled.join(', '),
        more.find((line) => line.startsWith('cancelled: '))?.slice('cancelled: '.length) ?? '',
      );
      const rest = more.find((line) => line.startsWith('left: '))?.slice('left: '.length);
      for (const part of rest?.split(', ') ?? []) {
        const [name, ...words] = part.split(' ');
        assert.equal(left.get(name!), words.join(' '));
      }
    });
  }
});
