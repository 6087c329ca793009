export type Attribute = readonly [key: string, value: string];

/** An event as clients and indexers see it. */
export interface AppEvent {
  readonly type: string;
  readonly attributes: readonly Attribute[];
}

/** An event of a message that is written out when it is read: CheckTx and failed messages never are. */
export class MessageEvent<T> implements AppEvent {
  readonly #message: T;
  readonly #write: (message: T) => readonly Attribute[];

  /** @param message must not be changed afterwards */
  constructor(
    readonly type: string,
    message: T,
    write: (message: T) => readonly Attribute[],
  ) {
    this.#message = message;
    this.#write = write;
  }

  /** What was emitted; as immutable as the event. */
  get message(): T {
    return this.#message;
  }

  get attributes(): readonly Attribute[] {
    return this.#write(this.#message);
  }
}

/** An event with one more attribute at its end. */
export class TaggedEvent implements AppEvent {
  readonly #event: AppEvent;
  readonly #tag: Attribute;

  constructor(event: AppEvent, tag: Attribute) {
    this.#event = event;
    this.#tag = tag;
  }

  get type(): string {
    return this.#event.type;
  }

  get attributes(): readonly Attribute[] {
    return [...this.#event.attributes, this.#tag];
  }
}

/** Collects the events of one scope; a failed scope's events are dropped with its writes. */
export class EventLog {
  readonly #events: AppEvent[] = [];

  emit(type: string, attributes: readonly Attribute[]): void {
    this.#events.push({ type, attributes });
  }

  add(event: AppEvent): void {
    this.#events.push(event);
  }

  append(other: EventLog): void {
    for (const event of other.#events) this.#events.push(event);
  }

  list(): readonly AppEvent[] {
    return this.#events;
  }
}
