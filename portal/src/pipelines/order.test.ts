import { describe, expect, it } from "vitest";

import type { Pipeline, State } from "../document";
import { inOrder, runningAll } from "./order";

const START = "arn:aws:states:::states:startExecution.sync:2";
const machine = (name: string, outputs: string[], resource = "arn:aws:states:::lambda:invoke", inputs: string[] = []) =>
  ({ name, states: [{ outputs, inputs, resource } as State] }) as Pipeline;

describe("state machines", () => {
  it("stand in the order in which data passes them, the one that runs all of them first", () => {
    const machines = [
      machine("another", []),
      machine("gold", ["importau_gold.a"]),
      machine("whole", ["importau_bronze.a"], START),
      machine("bronze", ["importau_bronze.a", "importau_bronze.b"]),
    ];
    expect(inOrder(machines).map(({ name }) => name)).toEqual(["whole", "bronze", "gold", "another"]);
  });

  it("stand before their audits, and one that starts only its audit does not run all of them", () => {
    const starting = (name: string, outputs: string[], times: number) =>
      ({ name, states: Array.from({ length: times }, () => ({ outputs, inputs: [] as string[], resource: START })) }) as Pipeline;
    const machines = [
      machine("audit-of-gold", [], undefined, ["importau_gold.a", "importau_bronze.a"]),
      machine("audit-of-bronze", [], undefined, ["importau_bronze.a"]),
      starting("gold", ["importau_gold.a"], 1),
      starting("bronze", ["importau_bronze.a"], 1),
      starting("whole", ["importau_bronze.a"], 3),
    ];
    expect(inOrder(machines).map(({ name }) => name)).toEqual(["whole", "bronze", "gold", "audit-of-bronze", "audit-of-gold"]);
    expect(runningAll(machines).map(({ name }) => name)).toEqual(["whole"]);
  });
});
