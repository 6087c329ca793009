/** An event as clients and indexers see it. */
export interface AppEvent {
  readonly type: string;
  readonly attributes: readonly (readonly [key: string, value: string])[];
}

/** Collects the events of one scope; a failed scope's events are dropped with its writes. */
export class EventLog {
  readonly #events: AppEvent[] = [];

  emit(type: string, attributes: readonly (readonly [string, string])[]): void {
    this.#events.push({ type, attributes });
  }

  append(other: EventLog): void {
    for (const event of other.#events) this.#events.push(event);
  }

  list(): readonly AppEvent[] {
    return this.#events;
  }
}
