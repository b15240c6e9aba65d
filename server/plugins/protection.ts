import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import helmet from "helmet";

const protect = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      // The page of the API sets styles on its elements and draws its icons from data.
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", "data:"],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  // The bridge speaks plain HTTP: a browser that remembered to ask for more would lock its owner out.
  strictTransportSecurity: false,
  referrerPolicy: { policy: "no-referrer" },
});

/**
 * Headers that keep browsers from doing more with our answers than they need: Helmet's. With these settings they depend
 * on no request, so that Helmet is asked once instead of at each.
 */
export const protection = headersSetBy((response) => protect(new IncomingMessage(new Socket()), response, () => {}));

function headersSetBy(step: (response: ServerResponse) => void): Record<string, string> {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  step(response);
  return Object.fromEntries(Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]));
}
