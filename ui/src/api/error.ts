/** Every failure of a request, as something to show. */
export class ApiError extends Error {
  readonly code: string;
  /** What to do about it; may be empty. */
  readonly fix: string;
  /** Where in the query the mistake is, in bytes; equal when it is nowhere. */
  readonly from: number;
  readonly to: number;

  constructor(code: string, message: string, fix = "", from = 0, to = 0) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.fix = fix;
    this.from = from;
    this.to = to;
  }

  /** The hub could not be reached at all. */
  get offline(): boolean {
    return this.code === "OFFLINE";
  }

  /** The query text is at fault, not the hub. */
  get inQuery(): boolean {
    return this.code.startsWith("QL_");
  }
}

interface RawError {
  message?: unknown;
  extensions?: { code?: unknown; fix?: unknown; from?: unknown; to?: unknown; id?: unknown };
}

const word = (v: unknown): string => (typeof v === "string" ? v : "");
const number = (v: unknown): number => (typeof v === "number" ? v : 0);

/** The first of a GraphQL answer's errors. */
export function errorOf(errors: unknown): ApiError {
  const first: RawError = Array.isArray(errors) && errors.length > 0 ? errors[0] : {};
  const x = first.extensions ?? {};
  return new ApiError(
    word(x.code) || "INTERNAL",
    word(first.message) || "The hub answered with an error that it did not name.",
    word(x.fix),
    number(x.from),
    number(x.to),
  );
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError("INTERNAL", error instanceof Error ? error.message : String(error));
}

export const offline = (): ApiError =>
  new ApiError(
    "OFFLINE",
    "The hub does not answer.",
    "This page tries again on its own; see that foretop is running and reachable.",
  );

export const unauthenticated = (): ApiError =>
  new ApiError("UNAUTHENTICATED", "This hub needs a token.", "Open the login URL that it printed.");
