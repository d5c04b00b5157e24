/** JSON merge patch, RFC 7396. The package brings no types. */
declare module 'json8-merge-patch' {
  const mergePatch: {
    /** Applies `patch` to `document`, in place where it can, and returns the result. */
    apply(document: object, patch: object): object;
  };
  export default mergePatch;
}
