import type { AppEvent } from './events.js';

/** Turns a protobuf event message into attributes: field name (snake_case) to JSON text, as the Cosmos SDK does. */
export interface TypedEventEncoder {
  /**
   * `message` is a ts-proto object of the type named; it is read when the event is.
   * @throws FatalError for an unknown type
   */
  event(typeName: string, message: unknown): AppEvent;
}
