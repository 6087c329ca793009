// Division of numbers makes floats; division of bigints makes integers.
// Needs types to tell one from the other.
import { ESLintUtils } from '@typescript-eslint/utils';
import ts from 'typescript';

const numberLike = ts.TypeFlags.NumberLike;

export const noNumberDivision = {
  meta: {
    type: 'problem',
    messages: { float: "'{{operator}}' on numbers gives a float: use bigint, or a shift on a proven-safe integer." },
    schema: [],
  },
  create(context) {
    const services = ESLintUtils.getParserServices(context);
    function check(node) {
      if (!['/', '/=', '**', '**='].includes(node.operator)) return;
      const type = services.getTypeAtLocation(node.left);
      const parts = type.isUnion() ? type.types : [type];
      if (parts.some((part) => (part.flags & (numberLike | ts.TypeFlags.Any)) !== 0)) {
        context.report({ node, messageId: 'float', data: { operator: node.operator } });
      }
    }
    return { BinaryExpression: check, AssignmentExpression: check };
  },
};
