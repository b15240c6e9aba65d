import { main } from "../../../server/main.ts";

// A bridge in a process of its own: tests look at its memory, or kill it. Prints one line of JSON when it listens.
const bridge = await main(process.env);
process.once("SIGTERM", () => void bridge.close().then(() => process.exit(0)));
console.log(JSON.stringify({ url: bridge.url, token: bridge.token }));
