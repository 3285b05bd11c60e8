import type { Asset } from "../document";
import { useWords } from "../language";
import { ClassificationBadge } from "../parts/badges";
import { MAP } from "./words";

/** Whether an asset holds personal or, failing that, confidential data. */
export function PersonalMark({ asset }: { asset: Asset }) {
  const words = useWords(MAP);
  const classes = new Set(asset.columns.map((column) => column.classification));
  if (classes.has("PII")) return <ClassificationBadge classification="PII" />;
  return classes.has("confidential") ? <span className="badge pii">{words.confidential}</span> : null;
}
