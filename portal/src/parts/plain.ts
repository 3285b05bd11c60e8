/** Text as it is compared: without accents, case, and the marks that join words in names. */
export function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[_\-.]+/g, " ").trim();
}
