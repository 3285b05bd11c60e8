export function MapPage(_: { asset: string | null; column: string | null }) {
  return <div className="page" />;
}
