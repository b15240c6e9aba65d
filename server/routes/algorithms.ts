import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { Algorithm } from "#contract/algorithm.ts";
import { NotFound } from "#contract/errors.ts";
import { AlgorithmName } from "#contract/names.ts";
import type { Deletions } from "../compute/deletions.ts";
import { nearNames } from "../store/near.ts";
import type { AlgorithmsReader, VersionsReader } from "../store/store.ts";
import { answerPage, listOf, paging, wanted } from "./page.ts";

const Editor = z.string().nullable().describe("Where its notebook is edited; null when JupyterLab is not running or there is no notebook");
const Listed = Algorithm.extend({ editor: Editor });
const Shown = Listed.extend({ methods: z.array(z.string()).describe("What calls may name; of the live version") });

export const NewAlgorithm = z.strictObject({
  name: AlgorithmName.describe("The notebook's file name less its ending"),
  title: z.string().max(200).optional(),
  description: z.string().max(10_000).optional(),
  category: z.string().max(200).optional(),
  runtime: z.string().min(1).max(64).optional(),
  environment: z.string().min(1).max(64).optional(),
});
export type NewAlgorithm = z.infer<typeof NewAlgorithm>;

const Created = z.object({ algorithm: z.string(), notebook: z.string(), editor: Editor });

export interface AlgorithmsRouteParts {
  readonly algorithms: AlgorithmsReader;
  readonly versions: VersionsReader;
  /** @param notebook relative to the notebooks folder */
  readonly editorAddress: (notebook: string) => string | null;
  /** Makes a notebook from the template of the runtime. @throws Conflict when the name is taken */
  readonly remove: Deletions["algorithm"];
  readonly create: (asked: NewAlgorithm) => Promise<z.infer<typeof Created>>;
}

/** `/v1/algorithms`: what can be called, in which state it is, and how to make another. */
export const algorithmsRoutes =
  ({ algorithms, versions, editorAddress, create, remove }: AlgorithmsRouteParts): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ["algorithms"];
    const editorOf = ({ notebook }: Algorithm) => (notebook === null ? null : editorAddress(notebook));

    const names = z.string().max(200); // a cursor is a name, in lower case
    app.get(
      "/v1/algorithms",
      { schema: { summary: "Algorithms, by name", tags, querystring: z.object(paging(names)), response: { 200: listOf(Listed) } } },
      async (request, reply) => {
        const { items, next } = await algorithms.page(wanted(request.query));
        return answerPage(request, reply, request.query, { items: items.map((each) => ({ ...each, editor: editorOf(each) })), next });
      },
    );

    app.get(
      "/v1/algorithms/:name",
      {
        schema: {
          summary: "One algorithm: its state, the problems of its last save, what is live",
          tags,
          params: z.object({ name: z.string().describe("Ignoring case") }),
          response: { 200: Shown },
        },
      },
      async ({ params: { name } }) => {
        const found = await algorithms.find(name);
        if (!found) {
          const names = (await algorithms.list()).map((each) => each.name);
          throw new NotFound("algorithm", name, nearNames(name, names));
        }
        const live = found.live === null ? undefined : await versions.find(found.name, found.live);
        return { ...found, editor: editorOf(found), methods: live?.manifest.methods ?? [] };
      },
    );

    app.delete(
      "/v1/algorithms/:name",
      {
        schema: {
          summary: "Delete an algorithm with its versions; 409 while its notebook or module is there, it has models, or calls run it",
          tags,
          params: z.object({ name: z.string() }),
        },
      },
      async ({ params: { name } }, reply) => {
        await remove(name);
        return reply.code(204).send();
      },
    );

    app.post(
      "/v1/algorithms",
      { schema: { summary: "Make an algorithm: a notebook from a template", tags, body: NewAlgorithm, response: { 201: Created } } },
      async ({ body }, reply) => {
        const made = await create(body);
        return reply
          .code(201)
          .header("location", `/v1/algorithms/${encodeURIComponent(made.algorithm)}`)
          .send(made);
      },
    );
  };
