export function PipelinesPage(_: { pipeline: string | null; state: string | null }) {
  return <div className="page" />;
}
