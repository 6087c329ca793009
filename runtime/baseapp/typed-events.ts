/** Turns a protobuf event message into attributes: field name (snake_case) to JSON text, as the Cosmos SDK does. */
export interface TypedEventEncoder {
  /** `message` is a ts-proto object of the type named. @throws FatalError for an unknown type */
  attributes(typeName: string, message: unknown): readonly (readonly [string, string])[];
}
