import { digestOf } from './digest.js';

// Run as `hash-chain.ts SEED BLOCKS`: prints the digest of a chain as JSON.
const [, , seed, blocks] = process.argv;
console.log(JSON.stringify(await digestOf(seed!, Number(blocks))));
