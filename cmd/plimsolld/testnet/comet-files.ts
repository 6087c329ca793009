import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { consensusAddress } from '../../../runtime/crypto/address.js';
import { Ed25519Key } from '../../../runtime/crypto/ed25519.js';
import { cometVersion } from '../../../runtime/engine/engine.js';
import type { NodePlan } from './plan.js';

export interface CometSettings {
  readonly timeoutCommit: string;
  readonly timeoutPropose: string;
}

/** CometBFT's config.toml: what differs from its defaults, and why. */
export function cometConfig(node: NodePlan, persistentPeers: readonly string[], settings: CometSettings): string {
  const text = (value: string): string => JSON.stringify(value);
  return `# CometBFT ${cometVersion}. What is not here has CometBFT's default; "cometbft init" in an empty
# directory writes a file with all settings and what they mean.

moniker = ${text(node.name)}

# Where plimsolld serves the application (app.toml: abci.address).
proxy_app = ${text(node.abci)}
abci = "socket"

[rpc]
laddr = ${text(`tcp://${node.rpc}`)}
# Wallets in browsers ask from any page.
cors_allowed_origins = ["*"]

[p2p]
laddr = ${text(`tcp://${node.p2pListen}`)}
external_address = ${text(node.p2pDial)}
persistent_peers = ${text(persistentPeers.join(','))}
# Validators of a testnet have private addresses, and may share a host.
addr_book_strict = false
allow_duplicate_ip = true

[consensus]
# Prices come with every block: blocks are made also when nobody trades.
create_empty_blocks = true
timeout_propose = ${text(settings.timeoutPropose)}
timeout_commit = ${text(settings.timeoutCommit)}
`;
}

/** Makes the key that a node is known by to its peers; returns its id. Refuses to replace one. */
export function writeNodeKey(path: string): string {
  const key = new Ed25519Key(randomBytes(32));
  const value = Buffer.concat([key.seed, key.publicKey]).toString('base64');
  const file = { priv_key: { type: 'tendermint/PrivKeyEd25519', value } };
  writeFileSync(path, `${JSON.stringify(file)}\n`, { mode: 0o600, flag: 'wx' });
  return Buffer.from(consensusAddress(key.publicKey)).toString('hex');
}

/** A validator that has signed nothing yet. */
export function writeSigningState(home: string): void {
  mkdirSync(join(home, 'data'), { recursive: true });
  const state = { height: '0', round: 0, step: 0 };
  writeFileSync(join(home, 'data', 'priv_validator_state.json'), `${JSON.stringify(state, null, 2)}\n`, {
    mode: 0o600,
    flag: 'wx',
  });
}
