import { BinaryWriter } from '@bufbuild/protobuf/wire';

/** What the generated code of a message can do. */
export interface EncodableType<T> {
  encode(message: T, writer?: BinaryWriter): { finish(): Uint8Array };
}

/** One for all messages: it keeps the buffer that it grew. Encoding calls nobody back, so nobody else is writing. */
const writer = new BinaryWriter();

/** A message's bytes, as `type.encode(message).finish()` makes them. @throws Error for a number out of its field's range */
export function encodeMessage<T>(type: EncodableType<T>, message: T): Uint8Array {
  try {
    return type.encode(message, writer).finish();
  } catch (error) {
    writer.finish();
    throw error;
  }
}
