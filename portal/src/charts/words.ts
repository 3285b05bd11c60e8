import type { Words } from "../language";

export const CHARTS: Words<"spanFrom" | "spanTo" | "highest"> = {
  pt: { spanFrom: "de", spanTo: "a", highest: "maior:" },
  en: { spanFrom: "from", spanTo: "to", highest: "highest:" },
};
