import { describe, expect, it } from "vitest";

import type { Entry } from "./entries";
import { searcher } from "./ranking";

const entry = (given: Partial<Entry>, id: number): Entry => ({
  id,
  kind: "asset",
  name: "",
  where: "",
  layer: null,
  description: "",
  tags: "",
  other: "",
  href: "#/",
  ...given,
});

const ENTRIES = [
  { name: "agregado_ml_forecast_risco_cambial", tags: "Forecast Risco Cambial" },
  { name: "cambio", description: "As cotações PTAX." },
  { kind: "column" as const, name: "variacao_cambial_brl", description: "Ganho ou perda pelo câmbio.", other: "risco" },
  { kind: "task" as const, name: "WriteGold", description: "Agrega o forecast de risco cambial" },
  { kind: "pipeline" as const, name: "StateMachine_DAG_gold", description: "Variáveis de forecast de risco cambial." },
].map(entry);

const names = (query: string) => searcher(ENTRIES)(query).map(({ name }) => name);

describe("search", () => {
  it("finds assets, columns, tasks and pipelines by any of their words", () => {
    expect(names("Risco Cambial")).toEqual([
      "agregado_ml_forecast_risco_cambial",
      "variacao_cambial_brl",
      "StateMachine_DAG_gold",
      "WriteGold",
    ]);
  });

  it("ignores accents and case", () => {
    expect(names("CÂMBIO")).toContain("cambio");
    expect(names("cotacoes")).toEqual(["cambio"]);
  });

  it("finds a word by its beginning, as one types", () => {
    expect(names("forec")[0]).toBe("agregado_ml_forecast_risco_cambial");
  });

  it("forgives a letter", () => {
    expect(names("forecats")).toContain("agregado_ml_forecast_risco_cambial");
  });

  it("wants every word", () => {
    expect(names("risco inexistente")).toEqual([]);
  });

  it("reads the words of a name in CamelCase", () => {
    expect(names("write gold")).toEqual(["WriteGold"]);
  });
});
