/** An image without registry and folder: registry.example/shop/app2:2.0 is app2:2.0; digests keep 8 characters. */
export function shortImage(image: string): string {
  const last = image.slice(image.lastIndexOf("/") + 1);
  const at = last.indexOf("@");
  if (at < 0) return last;
  const name = last.slice(0, at);
  return name.includes(":")
    ? name
    : `${name}@${last
        .slice(at + 1)
        .replace(/^sha256:/, "")
        .slice(0, 8)}`;
}
