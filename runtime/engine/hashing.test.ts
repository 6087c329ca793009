import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { headerHash, merkleRoot, partSetHeader } from './hashing.js';

const sum = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest());
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

test('a header hashes to the value of TestHeaderHash in CometBFT', () => {
  const zeros = new Uint8Array(32);
  const hash = headerHash({
    version: { block: 1n, app: 2n },
    chainId: 'chainId',
    height: 3n,
    time: { seconds: BigInt(Date.parse('2019-10-13T16:14:44Z') / 1_000), nanos: 0 },
    lastBlockId: { hash: zeros, partSetHeader: { total: 6, hash: zeros } },
    lastCommitHash: sum('last_commit_hash'),
    dataHash: sum('data_hash'),
    validatorsHash: sum('validators_hash'),
    nextValidatorsHash: sum('next_validators_hash'),
    consensusHash: sum('consensus_hash'),
    appHash: sum('app_hash'),
    lastResultsHash: sum('last_results_hash'),
    evidenceHash: sum('evidence_hash'),
    proposerAddress: sum('proposer_address').subarray(0, 20),
  });
  assert.equal(hex(hash), 'F740121F553B5418C3EFBD343C2DBFE9E007BB67B0D020A0741374BAB65242A4');
});

test('the Merkle root follows RFC 6962: the test vectors of Certificate Transparency', () => {
  const leaves = ['', '00', '10', '2021', '3031', '40414243'].map((leaf) => new Uint8Array(Buffer.from(leaf, 'hex')));
  assert.equal(hex(merkleRoot([])), hex(sum('')));
  assert.equal(hex(merkleRoot(leaves.slice(0, 1))), '6E340B9CFFB37A989CA544E6BB780A2C78901D3FB33738768511A30617AFA01D');
  assert.equal(hex(merkleRoot(leaves.slice(0, 3))), 'AEB6BCFE274B70A14FB067A5E5578264DB0FA9B51AF5E0BA159158F329E06E77');
  assert.equal(hex(merkleRoot(leaves.slice(0, 6))), '76E67DADBCDF1E10E1B74DDC608ABD2F98DFB16FBCE75277B5232A127F2087EF');
});

test('a block of more than 64 KiB has two parts', () => {
  assert.equal(partSetHeader(new Uint8Array(65_536)).total, 1);
  assert.equal(partSetHeader(new Uint8Array(65_537)).total, 2);
});
