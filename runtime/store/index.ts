export { Collection, Item, protoCodec, type KeyCodec, type Stores } from './collection.js';
export { StoreError, type StoreFault } from './errors.js';
export * as key from './key.js';
export { cacheOver, openStore, rollbackStore, MultiStore, type StoreOptions } from './multistore.js';
export type * from './types.js';
