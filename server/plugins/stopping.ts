import fp from "fastify-plugin";
import { Stopping } from "#contract/errors.ts";

/**
 * Refuses what still comes once the server closes, on connections that it had: in the form of each address, and
 * without looking at tokens. Fastify says `Connection: close` with it; its option `return503OnClosing` must be off, or
 * it answers in a form of its own. Register it before all else.
 */
export const stopping = fp(
  async (app) => {
    let isStopping = false;
    app.addHook("preClose", (done) => {
      isStopping = true;
      done();
    });
    app.addHook("onRequest", (_request, _reply, done) => {
      if (isStopping) done(new Stopping());
      else done();
    });
  },
  { name: "stopping" },
);
