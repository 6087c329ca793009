export { parseAbciAddress, type AbciAddress } from './address.js';
export { defaultMaxFrameBytes } from './frames.js';
export { serveAbci, type AbciServer, type AbciServerOptions } from './server.js';
