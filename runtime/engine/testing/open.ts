import type { Application } from '../../abci/application.js';
import { silentLogger } from '../../log.js';
import { VirtualClock } from '../clock.js';
import { ConsensusKey } from '../consensus-key.js';
import { EmbeddedEngine, type EngineOptions } from '../engine.js';
import { defaultConsensusParams, parseGenesis, type GenesisDoc } from '../genesis-doc.js';

export const validator = ConsensusKey.fromSeed(Buffer.alloc(32, 7));
const genesisTime = '2026-01-01T00:00:00Z';
export const genesisMs = BigInt(Date.parse(genesisTime));

/** A genesis of one validator, with the limits of blocks as given. */
export function genesisOf(limits: { maxBytes?: string; maxGas?: string } = {}, chainId = 'kv-1'): GenesisDoc {
  const { block } = defaultConsensusParams;
  const { maxBytes = block.max_bytes, maxGas = block.max_gas } = limits;
  return parseGenesis({
    genesis_time: genesisTime,
    chain_id: chainId,
    initial_height: '1',
    consensus_params: { ...defaultConsensusParams, block: { max_bytes: maxBytes, max_gas: maxGas } },
    validators: [
      {
        address: Buffer.from(validator.address).toString('hex').toUpperCase(),
        pub_key: { type: 'tendermint/PubKeyEd25519', value: Buffer.from(validator.publicKey).toString('base64') },
        power: '10',
        name: 'v',
      },
    ],
    app_hash: '',
    app_state: {},
  });
}

/** Opens an engine over an application, in memory unless a path is given. */
export async function openEngine(app: Application, options: Partial<EngineOptions> = {}): Promise<EmbeddedEngine> {
  const clock = new VirtualClock(genesisMs);
  return EmbeddedEngine.open({ app, genesis: genesisOf(), validator, clock, logger: silentLogger, ...options });
}

export const tx = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
