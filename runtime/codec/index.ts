export { AminoJson, sortedJson } from './amino-json.js';
export { createRegistry, Registry, type MethodInfo, type ServiceInfo } from './registry.js';
export { decodeTx, type DecodedTx, type TxMessage } from './tx.js';
export { TypedEvents } from './typed-events.js';
export type { JsonValue, ProtoRegistry } from './types.js';
