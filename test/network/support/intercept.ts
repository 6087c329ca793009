import type { Application } from '../../../runtime/abci/application.js';

/** An application with some of its methods replaced: how tests break a node without the product knowing. */
export function intercept(app: Application, changes: Partial<Application>): Application {
  return new Proxy(app, {
    get(target, name: keyof Application) {
      // Bound to the application itself: its private fields are not the proxy's.
      return changes[name] ?? target[name].bind(target);
    },
  });
}
