import { Link } from "@tanstack/react-router";
import type { ComponentProps, ReactNode } from "react";
import { written } from "../../lib/filters";
import { paramsOf, parseRef } from "../../lib/ref";

interface Props extends Pick<
  ComponentProps<"a">,
  "className" | "style" | "tabIndex" | "onFocus" | "onKeyDown" | "onMouseEnter" | "onMouseLeave" | "onClick" | "title"
> {
  objectRef: string;
  /** Marks the element, so that the focus can be put on it. */
  "data-ref"?: string;
  children: ReactNode;
}

/** Leads to the relations of another object; an image has no page, but is run by many. */
export function RelationLink({ objectRef, children, ...rest }: Props) {
  const ref = parseRef(objectRef);
  if (!ref) return <span>{children}</span>;
  if (ref.resource === "images" && ref.group === "")
    return (
      <Link to="/search" search={{ q: `image:${written(ref.name)}` }} draggable={false} {...rest}>
        {children}
      </Link>
    );
  return (
    <Link
      to="/r/$cluster/$group/$resource/$namespace/$name"
      params={paramsOf(ref)}
      search={(s: Record<string, unknown>) => ({
        tab: "relations",
        types: s.types as string,
        depth: s.depth as string,
        as: s.as as string,
      })}
      draggable={false}
      {...rest}
    >
      {children}
    </Link>
  );
}
