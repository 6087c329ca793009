/** A JSON value as `JSON.parse` returns it. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/**
 * All message types of the chain by full name, from the descriptor image.
 * JSON is proto JSON as the Cosmos SDK prints it: original snake_case field
 * names, defaults emitted, 64-bit integers as strings, bytes in base64,
 * enums by name, Any with "@type", decimals with a point and 18 places.
 */
export interface ProtoRegistry {
  has(typeName: string): boolean;
  /** @throws Error for an unknown type or undecodable bytes */
  toJson(typeName: string, bytes: Uint8Array): JsonValue;
  /** @throws Error that names the field at fault */
  fromJson(typeName: string, json: JsonValue): Uint8Array;
  /**
   * Checks that bytes are the one canonical encoding of a message: known
   * fields only, ascending, right wire types, minimal varints, no explicit
   * defaults, valid UTF-8, known enum values, nested Any values included.
   * @throws AppError sdk/2 that names the message and field
   */
  assertCanonical(typeName: string, bytes: Uint8Array): void;
  /** Field names that `cosmos.msg.v1.signer` lists for a message, snake_case. */
  signerFields(typeName: string): readonly string[];
}
