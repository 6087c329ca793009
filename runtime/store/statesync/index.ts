export {
  chunkBytes,
  decodeMetadata,
  encodeMetadata,
  snapshotFormat,
  snapshotHash,
  type SnapshotMetadata,
} from './format.js';
export { SnapshotLibrary, type StoredSnapshot } from './library.js';
export { SnapshotManager, type StateSyncOptions } from './manager.js';
export { SnapshotRestore } from './restore.js';
