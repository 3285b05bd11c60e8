export function SearchBox() {
  return <input type="search" />;
}
