/** Where one node of a testnet listens and how the others reach it. */
export interface NodePlan {
  readonly name: string;
  /** host:port for CometBFT's peers to listen on, and for the others to dial. */
  readonly p2pListen: string;
  readonly p2pDial: string;
  readonly rpc: string;
  readonly abci: string;
  readonly grpc: string;
  /** Where the price daemon serves, should there be one. */
  readonly prices: string;
}

export interface PlanOptions {
  readonly validators: number;
  readonly namePrefix: string;
  /** All nodes on 127.0.0.1: node i has five ports from startingPort + 10 i on. */
  readonly startingPort: number;
  /** One host for each node, counting up from this address, with the usual ports; undefined for one shared host. */
  readonly startingIp?: string;
}

/** Ports from one node's first to the next one's. */
const portsPerNode = 10;
const loopback = '127.0.0.1';

/** @throws Error naming the option at fault and what would be accepted */
export function planNodes(options: PlanOptions): NodePlan[] {
  const { validators, namePrefix, startingPort, startingIp } = options;
  if (!Number.isInteger(validators) || validators < 1 || validators > 100)
    throw new Error(`validators: ${validators}; expected 1 to 100`);
  const last = startingPort + portsPerNode * validators;
  if (!Number.isInteger(startingPort) || startingPort < 1_024 || last > 65_536)
    throw new Error(`starting port: ${startingPort}; expected 1024 to ${65_536 - portsPerNode * validators}`);
  const first = startingIp === undefined ? undefined : parseIp(startingIp);
  return Array.from({ length: validators }, (_, index) => {
    const name = `${namePrefix}${index}`;
    if (first === undefined) {
      const port = startingPort + portsPerNode * index;
      return {
        name,
        p2pListen: `${loopback}:${port}`,
        p2pDial: `${loopback}:${port}`,
        rpc: `${loopback}:${port + 1}`,
        abci: `tcp://${loopback}:${port + 2}`,
        grpc: `${loopback}:${port + 3}`,
        prices: `${loopback}:${port + 4}`,
      };
    }
    return {
      name,
      p2pListen: '0.0.0.0:26656',
      p2pDial: `${formatIp(first + index)}:26656`,
      rpc: '0.0.0.0:26657',
      // Whoever reaches this port can decide blocks: never beyond the host.
      abci: `tcp://${loopback}:26658`,
      grpc: '0.0.0.0:9090',
      prices: `${loopback}:26680`,
    };
  });
}

function parseIp(text: string): number {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255))
    throw new Error(`starting IP address: ${JSON.stringify(text)}; expected four numbers like 192.168.10.2`);
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function formatIp(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
