import { expect, it } from "vitest";

import { plain } from "./plain";

it("compares text without accents, case and the joints of names", () => {
  expect(plain("Câmbio AÇÃO")).toBe("cambio acao");
  expect(plain("  agregado_ml-forecast.risco_cambial ")).toBe("agregado ml forecast risco cambial");
});
