import type { Form } from "../form.ts";
import type { AloneKind } from "../measures/kinds.ts";
import { takeCommand } from "./command.ts";
import { takeLab } from "./lab.ts";
import type { Taken } from "./taken.ts";
import { takeTypes } from "./types.ts";

export const alone: Readonly<Record<AloneKind, (form: Form) => Promise<Taken>>> = { types: takeTypes, command: takeCommand, lab: takeLab };
