import { once } from "node:events";
import { createServer } from "node:http";
import { expect, it } from "vitest";
import { startSender } from "../../../bench/growth/sender.ts";

it("sends a body while it is made, and takes no other answer than the body", async () => {
  const server = createServer((request, response) => {
    if (request.url === "/same") request.pipe(response);
    else if (request.url === "/short") request.resume().on("end", () => response.end("a,b,c,d\n"));
    else {
      response.statusCode = 429;
      response.end("too many");
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const job = { target: { url, headers: {}, form: "csv" }, bytes: 1_000_000 } as const;
  try {
    await using sender = startSender();
    const { bytes } = await sender.send({ ...job, path: "/same" });
    expect(Math.abs(bytes - 1_000_000)).toBeLessThan(60);
    await expect(sender.send({ ...job, path: "/short" })).rejects.toThrow("not the rows that were sent");
    await expect(sender.send({ ...job, path: "/refused", bytes: 1000 })).rejects.toThrow("429 too many");
  } finally {
    server.close();
  }
});
