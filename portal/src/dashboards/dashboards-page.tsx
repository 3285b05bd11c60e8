export function DashboardsPage(_: { filters: URLSearchParams }) {
  return <div className="page" />;
}
