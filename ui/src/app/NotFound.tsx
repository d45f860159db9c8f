import { Link } from "@tanstack/react-router";
import { EmptyPanel } from "../components/Panels";

export function NotFound() {
  return (
    <main>
      <EmptyPanel first title="There is no such page">
        <Link to="/search" className="text-accent underline">
          Go to the search
        </Link>
      </EmptyPanel>
    </main>
  );
}
