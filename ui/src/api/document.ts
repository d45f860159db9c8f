/** A GraphQL operation as text, with the types of what it takes and answers. */
export interface Document<Result, Variables> {
  name: string;
  text: string;
  /** Never set; it ties the types to the value. */
  __types?: (variables: Variables) => Result;
}
