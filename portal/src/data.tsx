import { createContext, type ReactNode, useContext, useMemo } from "react";

import type { Asset, Lakehouse } from "./document";
import { useLanguage } from "./language";
import { formats } from "./numbers";

const LakehouseContext = createContext<{ lakehouse: Lakehouse; assets: Map<string, Asset> } | null>(null);

/** Reads the document out of the page; null when the page was never given one. */
export function documentIn(page: Document): Lakehouse | null {
  const said: unknown = JSON.parse(page.getElementById("lakehouse")?.textContent ?? "null");
  return typeof said === "object" && said !== null ? (said as Lakehouse) : null;
}

export function LakehouseProvider({ lakehouse, children }: { lakehouse: Lakehouse; children: ReactNode }) {
  const value = useMemo(
    () => ({ lakehouse, assets: new Map(lakehouse.assets.map((asset) => [asset.id, asset])) }),
    [lakehouse],
  );
  return <LakehouseContext.Provider value={value}>{children}</LakehouseContext.Provider>;
}

/** The document, and its assets by their ids. */
export function useLakehouse() {
  const value = useContext(LakehouseContext);
  if (!value) throw new Error("outside of LakehouseProvider");
  return value;
}

/** How numbers are written in the language that is spoken. */
export function useFormats() {
  const { language } = useLanguage();
  return useMemo(() => formats(language), [language]);
}

/** What people call the columns of an asset; a column without a business name keeps its own. */
export function useBusinessNames(asset: string): (column: string) => string {
  const { assets } = useLakehouse();
  return useMemo(() => {
    const names = new Map(assets.get(asset)?.columns.map(({ name, business_name }) => [name, business_name]));
    return (column) => names.get(column) || column;
  }, [assets, asset]);
}
