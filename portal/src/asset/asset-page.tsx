import type { Asset } from "../document";

export function AssetPage({ asset }: { asset: Asset; column: string | null }) {
  return <div className="page">{asset.name}</div>;
}
