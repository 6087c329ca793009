import type { SubaccountId } from '../../../gen/plimsoll/perps/v1/types.js';
import { TraceBlock, TraceStep, type Trace } from '../../../gen/plimsoll/perps/v1/trace.js';
import type { BlockInfo } from '../../../runtime/baseapp/context.js';
import { MessageEvent, type AppEvent } from '../../../runtime/baseapp/events.js';
import { marketsOf, rankOf, stageOf, stages, type StepField } from './stages.js';

const prefix = 'plimsoll.perps.v1.';

/** Where a node keeps traces over a restart. */
export interface TraceArchive {
  /** Keeps a block's traces, and forgets those of blocks below `oldest`. */
  put(block: bigint, bytes: Uint8Array | undefined, oldest: bigint): Promise<void>;
}

/** What an archive held when the node started. */
export interface ArchivedTraces {
  /** Oldest first, as `put` got them. */
  readonly blocks: readonly Uint8Array[];
  /** From this block on nothing is missing. */
  readonly first: bigint;
  /** The newest block that was put. */
  readonly newest: bigint;
}

/** A block with something to explain. */
interface Kept {
  readonly block: bigint;
  readonly timeMs: bigint;
  /** By account, as text. */
  readonly traces: ReadonlyMap<string, Trace>;
  readonly steps: number;
}

const nameOf = ({ owner, number }: SubaccountId): string => `${owner}/${number}`;

/**
 * What the waterfall did with whom, as the events of blocks say it. Made
 * beside consensus of what every node emits: it is the same on all nodes, can
 * change no result, and keeps the newest steps only.
 */
export class TraceIndex {
  readonly #maxSteps: number;
  readonly #archive: TraceArchive | undefined;
  /** Oldest first. */
  readonly #blocks: Kept[] = [];
  #steps = 0;
  #first: bigint | undefined;

  /** @param maxSteps kept at most, whole blocks; the newest block always stays */
  constructor(maxSteps: number, archive?: TraceArchive, before?: ArchivedTraces) {
    this.#maxSteps = maxSteps;
    this.#archive = archive;
    if (before === undefined) return;
    for (const bytes of before.blocks) this.#keep(keptOf(TraceBlock.decode(bytes)));
    this.#first = before.first > (this.#first ?? 0n) ? before.first : this.#first;
    this.#newest = before.newest;
    this.#trim();
  }
  #newest: bigint | undefined;

  /** From this block on nothing is missing; undefined before the first block. */
  get first(): bigint | undefined {
    return this.#first;
  }

  /** Takes over what a block emitted. */
  read(
    { height, timeMs }: Pick<BlockInfo, 'height' | 'timeMs'>,
    events: readonly AppEvent[],
  ): Promise<void> | undefined {
    // A block that was executed and not committed is executed again.
    while (this.#blocks.length > 0 && this.#blocks.at(-1)!.block >= height) this.#steps -= this.#blocks.pop()!.steps;
    // Blocks that came without this index, by state sync for example, are not known.
    if (this.#newest === undefined || height > this.#newest + 1n) {
      this.#blocks.length = 0;
      this.#steps = 0;
      this.#first = height;
    }
    this.#newest = height;
    const traces = tracesOf(height, timeMs, events);
    if (traces.length === 0) return this.#archive?.put(height, undefined, this.#first!);
    const block = { block: height, timeMs, traces };
    this.#keep(keptOf(block));
    this.#trim();
    return this.#archive?.put(height, TraceBlock.encode(block).finish(), this.#first!);
  }

  /**
   * Traces, newest block first, in a block by account.
   * @param wanted what all must have; everything when empty
   */
  *find(wanted: {
    readonly account?: SubaccountId | undefined;
    readonly marketId?: number | undefined;
    readonly block?: bigint | undefined;
  }): Iterable<Trace> {
    for (let at = this.#blocks.length - 1; at >= 0; at--) {
      const { block, traces } = this.#blocks[at]!;
      if (wanted.block !== undefined && block !== wanted.block) continue;
      const one = wanted.account === undefined ? undefined : traces.get(nameOf(wanted.account));
      const candidates = wanted.account === undefined ? traces.values() : one === undefined ? [] : [one];
      for (const trace of candidates)
        if (wanted.marketId === undefined || trace.steps.some((step) => marketsOf(step).includes(wanted.marketId!)))
          yield trace;
    }
  }

  #keep(kept: Kept): void {
    this.#blocks.push(kept);
    this.#steps += kept.steps;
  }

  #trim(): void {
    while (this.#steps > this.#maxSteps && this.#blocks.length > 1) {
      const { steps, block } = this.#blocks.shift()!;
      this.#steps -= steps;
      this.#first = block + 1n;
    }
  }
}

function keptOf({ block, timeMs, traces }: TraceBlock): Kept {
  const ordered = new Map<string, Trace>();
  let steps = 0;
  for (const trace of traces) {
    ordered.set(nameOf(trace.subaccount!), trace);
    steps += trace.steps.length;
  }
  return { block, timeMs, traces: ordered, steps };
}

/** Sorts a block's events into steps of accounts; each account's by stage, and within a stage as they came. By account name. */
function tracesOf(block: bigint, timeMs: bigint, events: readonly AppEvent[]): Trace[] {
  const found = new Map<string, { readonly id: SubaccountId; readonly steps: TraceStep[] }>();
  const shared: { readonly step: TraceStep; readonly explains: readonly StepField[] }[] = [];
  const ranks = new Map<TraceStep, number>();
  for (const event of events) {
    if (!(event instanceof MessageEvent) || !event.type.startsWith(prefix)) continue;
    const rule = stages.get(event.type.slice(prefix.length));
    if (rule === undefined) continue;
    const message = event.message as never;
    const step = TraceStep.fromPartial({});
    // The event itself, not a copy: events are immutable.
    (step as { [field in StepField]: unknown })[rule.field] = message;
    step.stage = stageOf(rule.stage, step);
    ranks.set(step, rankOf(rule.field, step));
    if (rule.explains !== undefined) shared.push({ step, explains: rule.explains });
    for (const id of rule.accounts(message)) {
      if (id === undefined) continue;
      const name = nameOf(id);
      let own = found.get(name);
      if (own === undefined) found.set(name, (own = { id, steps: [] }));
      own.steps.push(step);
    }
  }
  const names = [...found.keys()].sort((a, b) => (a < b ? -1 : 1));
  return names.map((name) => {
    const { id, steps } = found.get(name)!;
    const reasons = shared.filter(({ step, explains }) => {
      const [market] = marketsOf(step);
      return steps.some(
        (each) => explains.some((field) => each[field] !== undefined) && marketsOf(each).includes(market!),
      );
    });
    const all = [...steps, ...reasons.map(({ step }) => step)];
    // Sorts are stable: what is of one kind stays as it came.
    all.sort((a, b) => ranks.get(a)! - ranks.get(b)!);
    return { block, timeMs, subaccount: id, steps: all, markets: [] };
  });
}
