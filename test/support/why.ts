import { QueryWhyRequest, QueryWhyResponse } from '../../gen/plimsoll/perps/v1/query.js';
import type { Trace } from '../../gen/plimsoll/perps/v1/trace.js';
import type { TestChain } from './chain.js';

/** What the node answers to why, over its query connection: the client gets these bytes. @throws Error with the node's text */
export async function why(chain: TestChain, request: Partial<QueryWhyRequest>): Promise<QueryWhyResponse> {
  const answer = await chain.plimsoll.app.query({
    path: '/plimsoll.perps.v1.Query/Why',
    data: QueryWhyRequest.encode(QueryWhyRequest.fromPartial(request)).finish(),
    height: 0n,
    prove: false,
  });
  if (answer.code !== 0) throw new Error(answer.log);
  return QueryWhyResponse.decode(answer.value);
}

/** The stages of a trace with the fields that are set. */
export const shapeOf = ({ steps }: Trace): string[] =>
  steps.map(({ stage, text: _, ...fields }) => {
    const [field] = Object.entries(fields).find(([, value]) => value !== undefined)!;
    return `${stage} ${field}`;
  });
