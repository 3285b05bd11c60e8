import { describe, expect, it } from "vitest";

import type { Pipeline, State } from "../document";
import { inOrder } from "./order";

const machine = (name: string, outputs: string[], resource = "arn:aws:states:::lambda:invoke") =>
  ({ name, states: [{ outputs, resource } as State] }) as Pipeline;

describe("state machines", () => {
  it("stand in the order in which data passes them, the one that runs all of them first", () => {
    const machines = [
      machine("another", []),
      machine("gold", ["importau_gold.a"]),
      machine("whole", ["importau_bronze.a"], "arn:aws:states:::states:startExecution.sync:2"),
      machine("bronze", ["importau_bronze.a", "importau_bronze.b"]),
    ];
    expect(inOrder(machines).map(({ name }) => name)).toEqual(["whole", "bronze", "gold", "another"]);
  });
});
