package kube

// Derivation numbers what Summarize derives. Raise it when Summarize says something else of the same object: rows of
// an older number are written anew when their member lists its objects the next time.
const Derivation = 4
